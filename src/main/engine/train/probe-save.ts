import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BYTES_PER_VALUE, MOMENTS } from '../../../shared/training-memory.ts';
import { Checkpoints } from './checkpoints.ts';
import { CheckpointThread } from './checkpoint-saver.ts';
import type { PreparedTraining } from './prepare-training.ts';

/** A checkpoint larger than this is not written: it would take longer than the probe, and nothing beside its run. */
const WRITTEN_BYTES = 1e9;

/** How long a checkpoint holds the training up and, of one that is not huge, how long it takes to be on the disk. */
export interface MeasuredSave {
  readonly heldMs: number;
  /** Resident memory that it brought. */
  readonly savingBytes: number;
  readonly savedMs?: number;
}

/** Weights, and two moments of the trained ones. */
const checkpointBytes = ({ plan: { model } }: PreparedTraining): number =>
  BYTES_PER_VALUE * (model.parameters + MOMENTS * model.trained);

const resident = (): number => process.memoryUsage.rss();

function measureHeld({ loop }: PreparedTraining): MeasuredSave {
  const [startedAt, before] = [performance.now(), resident()];
  loop.snapshot();
  return { heldMs: performance.now() - startedAt, savingBytes: Math.max(0, resident() - before) };
}

/** Saves what the loop holds as a training would, into a temporary folder that is removed. */
export async function measureSave(prepared: PreparedTraining): Promise<MeasuredSave> {
  if (checkpointBytes(prepared) > WRITTEN_BYTES) return measureHeld(prepared);
  const { loop, model } = prepared;
  const { config, companions, adapter, weights } = model;
  const folder = await mkdtemp(join(tmpdir(), 'llavolta-probe-'));
  const thread = new CheckpointThread(weights);
  const before = resident();
  try {
    const setup = { folder, keep: 1, loop, config, companions, save: thread.save };
    const checkpoints = new Checkpoints({ ...setup, ...(adapter && { adapter }) });
    await checkpoints.begin({ step: loop.step, microBatch: 0 });
    const saved = await checkpoints.finish();
    if (!saved) throw new Error('a save that was begun ends');
    // The thread that wrote it stays, as it does in a training.
    return { heldMs: saved.heldMs, savedMs: saved.savedMs, savingBytes: Math.max(0, resident() - before) };
  } finally {
    await thread.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}
