import type { LlavaConfig } from '../model/config.ts';
import type { CompanionFiles } from '../model/model-folder.ts';
import { comparePositions, type RunPosition, type SavedAdapter } from './checkpoint-format.ts';
import { BackgroundSaver, type SaveCheckpoint } from './checkpoint-saver.ts';
import type { Totals } from './loop-state.ts';
import type { TrainingLoop } from './training-loop.ts';

export interface CheckpointsSetup {
  /** Folder of the run's checkpoints. */
  readonly folder: string;
  /** How many are kept. */
  readonly keep: number;
  readonly loop: Pick<TrainingLoop, 'snapshot'>;
  /** Of the model, for its folder. */
  readonly config: LlavaConfig;
  readonly companions: CompanionFiles;
  readonly adapter?: SavedAdapter;
  readonly save: SaveCheckpoint;
  /** The checkpoint that the run goes on from. */
  readonly resumedFrom?: SavedCheckpoint;
}

/** A checkpoint that is on the disk. */
export interface SavedCheckpoint {
  readonly position: RunPosition;
  readonly folder: string;
  readonly totals: Totals;
  /** How long the training loop stood still for it, and how long all of the saving took. */
  readonly heldMs: number;
  readonly savedMs: number;
}

type PendingSave = Omit<SavedCheckpoint, 'folder' | 'savedMs'> & { readonly startedAt: number };

/** The checkpoints of a run in training: taken at once, written in the background. */
export class Checkpoints {
  private readonly setup: CheckpointsSetup;
  private readonly saver: BackgroundSaver;
  private pending: PendingSave | undefined;
  private newest: SavedCheckpoint | undefined;

  constructor(setup: CheckpointsSetup) {
    this.setup = setup;
    this.saver = new BackgroundSaver(setup.save);
    this.newest = setup.resumedFrom;
  }

  /** The newest one on the disk. */
  get last(): SavedCheckpoint | undefined {
    return this.newest;
  }

  /**
   * Takes a snapshot at `position` and begins to write it, unless that is done already. Waits for an earlier save and
   * returns it.
   *
   * @throws the earlier save's error; then no new one was begun
   */
  async begin(position: RunPosition): Promise<SavedCheckpoint | undefined> {
    const taken = this.pending ?? this.newest;
    if (taken && comparePositions(taken.position, position) === 0) return undefined;
    const startedAt = performance.now();
    const earlier = await this.finish();
    const { folder, keep, loop, config, companions, adapter } = this.setup;
    const snapshot = loop.snapshot();
    const { totals, partialLoss } = snapshot.state;
    // A sum that has overflowed cannot be gone on from; the loop stops by itself at the end of the step.
    if (!Number.isFinite(partialLoss)) return earlier;
    this.saver.start({
      checkpoints: folder,
      checkpoint: { ...snapshot, config, companions, ...(adapter && { adapter }) },
      keep,
    });
    this.pending = { position, totals, startedAt, heldMs: performance.now() - startedAt };
    return earlier;
  }

  /** A save that has ended since the last call, if any. @throws its error */
  poll(): SavedCheckpoint | undefined {
    if (this.saver.isBusy || !this.pending) return undefined;
    const { startedAt, ...facts } = this.pending;
    // Whatever comes of it, it is over: after an error the same position may be saved again.
    this.pending = undefined;
    this.newest = { ...facts, folder: this.saver.take(), savedMs: performance.now() - startedAt };
    return this.newest;
  }

  /** Waits for the save that is under way, if any. @throws its error */
  async finish(): Promise<SavedCheckpoint | undefined> {
    await this.saver.idle();
    return this.poll();
  }
}
