/** Runs that are trained in engine processes of their own, as the terminal program and the studio start them. */
import { createHash } from 'node:crypto';
import { cpSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EngineMessage, TrainJob } from '../../src/shared/engine-protocol.ts';
import { Supervisor, type JobOutcome, type SupervisorOptions } from '../../src/main/studio/supervisor.ts';

/** What a job said and how it ended. */
export interface EngineRun {
  readonly outcome: JobOutcome;
  readonly messages: readonly EngineMessage[];
}

/** Runs a job to its end. `react` sees every message with the supervisor at hand. */
export async function runEngine(
  job: TrainJob,
  react: (message: EngineMessage, supervisor: Supervisor) => void = () => undefined,
  options: Omit<SupervisorOptions, 'job' | 'onMessage'> = {},
): Promise<EngineRun> {
  const messages: EngineMessage[] = [];
  const supervisor = new Supervisor({
    job,
    ...options,
    onMessage: (message) => {
      messages.push(message);
      react(message, supervisor);
    },
  });
  return { outcome: await supervisor.outcome, messages };
}

/** A recipe of the tiny model, written to `file`. Relative to the steps, three stages with two micro-batches a step. */
export function writeRecipe(file: string, dataset: string, changes: Readonly<Record<string, unknown>> = {}): string {
  const recipe = {
    name: 'test',
    seed: 7,
    model: { from: 'tiny' },
    data: { train: dataset, maxLength: 256 },
    optimizer: { lr: 1e-3, batchSize: 4, accumulate: 2, steps: 6 },
    checkpoint: { every: 100, keep: 100 },
    stages: [{ compression: '2/8' }, { compression: '16/2' }, { compression: 'none' }],
    ...changes,
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(recipe));
  return file;
}

export const newRun = (recipe: string, runs: string, name: string, overrides: string[] = []): TrainJob => ({
  kind: 'train',
  run: { mode: 'new', recipe, overrides, runs, name },
});

export const resumedRun = (folder: string): TrainJob => ({ kind: 'train', run: { mode: 'resume', folder } });

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Fields of a metrics line that a clock or the process decides, not the training. */
const MEASURED = [
  'stepMs',
  'tokensPerSecond',
  'imagesPerSecond',
  'memoryBytes',
  'tensors',
  'functionsRecorded',
  'functionsEvicted',
  'time',
];

/** The metrics of a run without what is measured, one object per line. */
export function metricsOfRun(folder: string): Record<string, unknown>[] {
  const lines = readFileSync(join(folder, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const entries = Object.entries(JSON.parse(line) as Record<string, unknown>);
    return Object.fromEntries(entries.filter(([key]) => !MEASURED.includes(key)));
  });
}

/** Everything of a finished run that must be the same however often it was interrupted. */
export function fingerprint(folder: string): unknown {
  const names = readdirSync(join(folder, 'checkpoints')).filter((name) => /^step-\d+$/.test(name));
  const last = names.sort((a, b) => Number(b.slice(5)) - Number(a.slice(5)))[0] as string;
  const checkpoint = join(folder, 'checkpoints', last);
  const { state } = JSON.parse(readFileSync(join(checkpoint, 'state.json'), 'utf8')) as {
    state: { totals: { trainingMs?: number } };
  };
  delete state.totals.trainingMs;
  const weights = readdirSync(checkpoint).find((name) => /^(adapter_)?model\.safetensors$/.test(name)) as string;
  return {
    checkpoint: last,
    weights: sha256(join(checkpoint, weights)),
    optimizer: sha256(join(checkpoint, 'optimizer.safetensors')),
    final: sha256(join(folder, 'final', weights)),
    state,
    metrics: metricsOfRun(folder),
  };
}

/** A copy of a run as if it had died right after one of its checkpoints, later metrics already written. */
export function runUpTo(folder: string, checkpoint: string, copy: string): string {
  const target = join(copy, 'checkpoints', checkpoint);
  mkdirSync(target, { recursive: true });
  for (const name of ['recipe.yaml', 'run.json', 'metrics.jsonl']) cpSync(join(folder, name), join(copy, name));
  const source = join(folder, 'checkpoints', checkpoint);
  for (const name of readdirSync(source)) linkSync(join(source, name), join(target, name));
  return copy;
}

/** Removes runs that later tests do not need: a checkpoint takes some 15 MB. */
export function discard(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
