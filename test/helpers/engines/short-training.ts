/**
 * An engine without TensorFlow that trains nothing: it makes the run's folder, writes a few metrics, one every 20 ms, and
 * obeys stop, pause and resume. Questions it answers by the list. What it writes is checked against the schemas by whoever reads it.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import type { EngineCommand, EngineMessage } from '../../../src/shared/engine-protocol.ts';
import type { EvaluateJob } from '../../../src/shared/evaluation.ts';
import { processStart } from '../../../src/main/studio/runs/run-owner.ts';

const TOTAL = 10;
const state = { stopped: false, paused: false };
const send = (message: EngineMessage): void => void process.send?.(message);

function record(folder: string, runState: string, step: number): void {
  const now = new Date().toISOString();
  const plan = {
    ...{ phase: 'instruct', totalSteps: TOTAL, accumulate: 1 },
    stages: [{ firstStep: 0, untilStep: TOTAL, compression: '2/8' }],
    model: { parameters: 10, trained: 5, depth: 4, visualTokensPerImage: 64 },
    data: { samples: 1, rows: 1, sha256: 'ab' },
  };
  const fields = { format: 1, name: basename(folder), createdAt: now, updatedAt: now, workingFolder: process.cwd() };
  const rest = { versions: {}, plan, progress: { step, microBatch: 0 }, totals: {}, sessions: [] };
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...fields, state: runState, ...rest }));
}

function metricsOf(step: number): Extract<EngineMessage, { type: 'metrics' }>['metrics'] {
  return {
    ...{ step, epoch: step / 100, samples: step, loss: 1 / step, lr: 1e-3, gradNorm: 1, stepMs: 20 },
    ...{ memoryBytes: 1e8, tensors: 10, time: new Date().toISOString(), stage: 0, compression: '2/8' },
    ...{ visualTokens: 100, visualTokensPerLayer: [50, 50], compressionRatio: 200 },
    ...{ visualTokensSeen: 100 * step, visualTokensSaved: 100 * step, flopsPaper: 1, flopsExact: 2 },
    ...{ flopsSavedPaper: step, flopsSavedExact: step, supervisedTokens: 5, tokensPerSecond: 10 },
  };
}

async function train(folder: string, yaml: string): Promise<void> {
  const isNew = !existsSync(folder);
  mkdirSync(join(folder, 'checkpoints'), { recursive: true });
  if (isNew) writeFileSync(join(folder, 'recipe.yaml'), yaml);
  const lock = join(folder, 'run.lock');
  writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname(), processStart: processStart(process.pid) }));
  const from = isNew
    ? 0
    : (JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { progress: { step: number } }).progress.step;
  record(folder, 'running', from);
  send({ type: 'run', folder });
  send({ type: 'state', state: 'running' });
  let step = from;
  while (step < TOTAL && !state.stopped) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (state.paused) continue;
    const metrics = metricsOf(++step);
    appendFileSync(join(folder, 'metrics.jsonl'), `${JSON.stringify(metrics)}\n`);
    send({ type: 'metrics', metrics });
  }
  const outcome = step === TOTAL ? 'finished' : 'stopped';
  record(folder, outcome, step);
  rmSync(lock);
  send({ type: 'state', state: outcome });
  process.send?.({ type: 'result', outcome, step } satisfies EngineMessage, undefined, undefined, () =>
    process.exit(0),
  );
}

/** Two questions, of which the first is answered right at every setting. */
function evaluate({ model, data, compressions }: EvaluateJob): void {
  const places = compressions.map(() => true);
  send({
    type: 'evaluation-answers',
    answers: [
      { id: '1', expected: 'yes', answers: places.map(() => 'yes'), correct: places },
      { id: '2', expected: 'no', answers: places.map(() => 'yes'), correct: places.map(() => false) },
    ],
    times: { questions: 2, prefillMs: places.map(() => 2), totalMs: places.map(() => 4) },
  });
  const settings = compressions.map((compression) => ({
    ...{ compression, score: { questions: 2, correct: 1 }, accuracy: 0.5, interval: [0.1, 0.9] as [number, number] },
    ...{ byType: {}, visualTokens: 100, retainedPercent: 50, compressionRatio: 200 },
    ...{ flopsPaper: 1, flopsExact: 2, prefillMs: 1, totalMs: 2 },
  }));
  const counts = { questions: 2, images: 1, layers: 4, loadMs: 1, visionMs: 1, durationMs: 5 };
  send({ type: 'evaluation-report', report: { model, data, ...counts, settings } });
  process.send?.({ type: 'done' } satisfies EngineMessage, undefined, undefined, () => process.exit(0));
}

function obey(command: EngineCommand): void {
  if (command.type === 'stop') state.stopped = true;
  if (command.type === 'pause' || command.type === 'resume') {
    state.paused = command.type === 'pause';
    send({ type: 'state', state: state.paused ? 'paused' : 'running' });
  }
  if (command.type === 'start' && command.job.kind === 'evaluate') evaluate(command.job);
  if (command.type !== 'start' || command.job.kind !== 'train') return;
  const { run } = command.job;
  if (run.mode === 'resume') void train(run.folder, '');
  else void train(join(run.runs, run.name ?? 'run'), readFileSync(run.recipe, 'utf8'));
}

process.on('message', (message) => obey(message as EngineCommand));
process.on('disconnect', () => (state.stopped = true));
send({ type: 'ready', pid: process.pid });
