import { join, resolve } from 'node:path';
import type { TrainJob } from '../../shared/engine-protocol.ts';
import type { ExecutionMode } from '../../shared/execution-mode.ts';
import { loadPreset } from '../studio/presets.ts';
import { failureText, followTraining } from '../terminal/follow-training.ts';
import { findRuns, type FoundRun } from '../runs/find-run.ts';
import { shownFile } from '../terminal/shown-file.ts';

/** A phase ended without what the next one needs. The message is for the user. */
export class DemoStopped extends Error {
  override readonly name = 'DemoStopped';
  /** Whether the user asked for it. */
  readonly isInterrupted: boolean;

  constructor(message: string, isInterrupted: boolean) {
    super(message);
    this.isInterrupted = isInterrupted;
  }
}

export interface TrainingPhase {
  readonly preset: string;
  /** `key.path=value` of the recipe; paths relative to the working folder. */
  readonly overrides: readonly string[];
  /** Folder of the runs' folders. */
  readonly runs: string;
  /** By default graph; a run that is resumed goes on as it was begun. */
  readonly execution?: ExecutionMode;
  readonly output: NodeJS.WriteStream;
  /** Says what is done with a run that is there already. */
  readonly print: (line: string) => void;
  /** Whether a finished run of the same recipe is taken instead of a new one. */
  reuses(run: FoundRun): boolean;
}

function jobFor({ preset, overrides, runs, execution, print }: TrainingPhase, stopped?: FoundRun): TrainJob {
  const common = { kind: 'train', ...(execution && { execution }) } as const;
  if (!stopped) {
    return { ...common, run: { mode: 'new', recipe: preset, overrides: [...overrides], runs: resolve(runs) } };
  }
  const { folder, record } = stopped;
  print(`  ${shownFile(folder)} was stopped after ${record.progress.step} steps: it goes on from there.`);
  return { ...common, run: { mode: 'resume', folder: resolve(folder) } };
}

/**
 * Trains a preset, goes on with a run of it that was stopped, or takes one that is finished.
 *
 * @returns the run's folder, relative to the working folder
 * @throws DemoStopped where the run is not finished
 */
export async function trainOrReuse(phase: TrainingPhase): Promise<string> {
  const found = findRuns(phase.runs, loadPreset(phase.preset, phase.overrides));
  const finished = found.find((run) => run.record.state === 'finished' && phase.reuses(run));
  if (finished) {
    phase.print(
      `  ${shownFile(finished.folder)} is there already, and its recipe and data are unchanged: it is taken.`,
    );
    return shownFile(finished.folder);
  }
  const stopped = found.find(({ record }) => record.state === 'stopped');
  const { outcome, folder } = await followTraining(jobFor(phase, stopped), phase.output);
  if (outcome.type === 'failed') throw new DemoStopped(failureText(outcome.failure), false);
  if (outcome.result.outcome === 'stopped' || folder === undefined) throw stoppedByUser(outcome.result.step, folder);
  return shownFile(folder);
}

function stoppedByUser(step: number, folder: string | undefined): DemoStopped {
  const saved =
    folder === undefined
      ? ''
      : `Saved after ${step} steps. Alone it goes on with: llavolta train --resume ${shownFile(folder)}`;
  return new DemoStopped(saved, true);
}

/** The model of a finished run. */
export const modelOf = (run: string): string => join(run, 'final');
