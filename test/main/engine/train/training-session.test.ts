import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EngineMessage } from '../../../../src/shared/engine-protocol.ts';
import { JobControl } from '../../../../src/main/engine/jobs/job-control.ts';
import { failureOf } from '../../../../src/main/engine/jobs/failure.ts';
import { loadNewestCheckpoint } from '../../../../src/main/engine/train/checkpoint-read.ts';
import type { SaveCheckpoint } from '../../../../src/main/engine/train/checkpoint-saver.ts';
import { saveCheckpoint } from '../../../../src/main/engine/train/checkpoint-write.ts';
import { Checkpoints } from '../../../../src/main/engine/train/checkpoints.ts';
import { MetricsSink } from '../../../../src/main/engine/train/metrics-sink.ts';
import { readRunRecord, RunFolder } from '../../../../src/main/engine/train/run-folder.ts';
import { TrainingSession } from '../../../../src/main/engine/train/training-session.ts';
import { NonFiniteError } from '../../../../src/main/engine/train/updater.ts';
import { CountingLoop } from '../../../helpers/counting-loop.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { TINY } from '../../../helpers/tiny-model.ts';

const toDisk: SaveCheckpoint = ({ checkpoints, checkpoint, keep }) => saveCheckpoint(checkpoints, checkpoint, keep);

const diskFull = (): Error => Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });

interface Trial {
  readonly steps?: number;
  readonly every?: number;
  readonly save?: SaveCheckpoint;
  readonly loop?: CountingLoop;
  readonly retryMs?: number;
  /** Sees every message as it comes and may command. */
  readonly react?: (message: EngineMessage, control: JobControl) => void;
}

interface TrialResult {
  readonly folder: string;
  readonly messages: readonly EngineMessage[];
  readonly error?: unknown;
}

/** Runs a session over a loop that counts. */
async function tryOut({ steps = 4, every = 100, save = toDisk, loop, retryMs, react }: Trial): Promise<TrialResult> {
  const run = await RunFolder.create(join(temporaryFolder(), 'run'), '');
  const counting = loop ?? new CountingLoop(steps);
  const metrics = new MetricsSink(run.folder, run.path('metrics'), 0);
  const checkpoints = new Checkpoints({
    ...{ folder: run.path('checkpoints'), keep: 2, loop: counting, config: TINY, companions: {}, save },
  });
  const control = new JobControl();
  const from = { step: 0, microBatch: 0 };
  const session = new TrainingSession({
    ...{ run, loop: counting, metrics, checkpoints, control, every, from },
    ...(retryMs !== undefined && { retryMs }),
  });
  const messages: EngineMessage[] = [];
  try {
    for await (const message of session.run()) {
      messages.push(message);
      react?.(message, control);
    }
    return { folder: run.folder, messages };
  } catch (error) {
    return { folder: run.folder, messages, error };
  } finally {
    metrics.close();
    run.close();
  }
}

const statesOf = ({ messages }: TrialResult): string[] =>
  messages.flatMap((message) => (message.type === 'state' ? [message.state] : []));
const lastOf = ({ messages }: TrialResult): EngineMessage | undefined => messages.at(-1);
const linesOf = (folder: string): number => readFileSync(join(folder, 'metrics.jsonl'), 'utf8').split('\n').length - 1;
const checkpointsOf = (folder: string): string[] => readdirSync(join(folder, 'checkpoints')).sort();

describe('a session', () => {
  it('trains to the end, saves and publishes the model', async () => {
    const result = await tryOut({ steps: 4, every: 3 });
    expect(result.error).toBeUndefined();
    expect(statesOf(result)).toEqual(['running', 'checkpointing', 'finished']);
    expect(lastOf(result)).toEqual({
      type: 'result',
      outcome: 'finished',
      step: 4,
      folder: join(result.folder, 'final'),
    });
    expect(checkpointsOf(result.folder)).toEqual(['step-3', 'step-4']);
    expect(readdirSync(join(result.folder, 'final'))).toContain('model.safetensors');
    expect(linesOf(result.folder)).toBe(4);
    expect(await readRunRecord(result.folder)).toMatchObject({
      state: 'finished',
      progress: { step: 4, microBatch: 0, checkpoint: 'step-4' },
      result: { loss: 0.25 },
    });
  });

  it('reports each checkpoint when it is on the disk', async () => {
    const { messages } = await tryOut({ steps: 4, every: 2 });
    const saved = messages.flatMap((message) => (message.type === 'checkpoint' ? [message.step] : []));
    expect(saved).toEqual([2, 4]);
  });

  it('goes on while a checkpoint is written', async () => {
    let finish: () => void = () => undefined;
    const slow: SaveCheckpoint = async (request) => {
      if (request.checkpoint.state.step === 1) await new Promise<void>((resolve) => (finish = resolve));
      return toDisk(request);
    };
    const result = await tryOut({
      ...{ steps: 6, every: 1, save: slow },
      // Step 2 is trained before step 1 is on the disk; its own checkpoint has to wait for that.
      react: (message) => message.type === 'micro' && message.step === 1 && finish(),
    });
    const order = result.messages.flatMap((message): (string | number)[] => {
      if (message.type === 'checkpoint') return [`saved ${message.step}`];
      return message.type === 'metrics' ? [message.metrics.step] : [];
    });
    expect(order.indexOf(1)).toBeLessThan(order.indexOf('saved 1'));
    expect(order.filter((entry) => typeof entry === 'string')).toEqual(
      [1, 2, 3, 4, 5, 6].map((step) => `saved ${step}`),
    );
  });
});

describe('commands', () => {
  it('stop: saves in the middle of a step and leaves', async () => {
    const result = await tryOut({
      react: (message, control) => message.type === 'micro' && message.step === 2 && control.stop(),
    });
    expect(statesOf(result)).toEqual(['running', 'checkpointing', 'stopped']);
    expect(lastOf(result)).toMatchObject({ type: 'result', outcome: 'stopped', step: 2 });
    expect(checkpointsOf(result.folder)).toEqual(['step-2.1']);
    expect(await readRunRecord(result.folder)).toMatchObject({
      state: 'stopped',
      progress: { step: 2, microBatch: 1 },
    });
  });

  it('pause and resume: nothing is trained in between, a checkpoint may be taken', async () => {
    const result = await tryOut({
      react: (message, control) => {
        if (message.type === 'metrics' && message.metrics.step === 2) control.pause();
        if (message.type === 'state' && message.state === 'paused') setTimeout(() => control.requestCheckpoint());
        if (message.type === 'checkpoint' && message.step === 2) setTimeout(() => control.resume());
      },
    });
    const order = result.messages.map((message) => (message.type === 'state' ? message.state : message.type));
    const paused = order.indexOf('paused');
    expect(order.slice(paused, paused + 4)).toEqual(['paused', 'checkpoint', 'running', 'micro']);
    expect(lastOf(result)).toMatchObject({ outcome: 'finished', step: 4 });
  });

  it('stop while paused', async () => {
    const result = await tryOut({
      react: (message, control) => {
        if (message.type === 'micro' && message.step === 1) control.pause();
        if (message.type === 'state' && message.state === 'paused') setTimeout(() => control.stop());
      },
    });
    expect(statesOf(result)).toEqual(['running', 'paused', 'checkpointing', 'stopped']);
    expect(checkpointsOf(result.folder)).toEqual(['step-1.1']);
  });

  it('checkpoint: saves where the loop stands and goes on', async () => {
    const result = await tryOut({
      react: (message, control) => message.type === 'micro' && message.step === 1 && control.requestCheckpoint(),
    });
    expect(checkpointsOf(result.folder)).toEqual(['step-1.1', 'step-4']);
  });
});

describe('a full disk', () => {
  /** Saves that fail until `room` is there. */
  function fullUntil(hasRoom: () => boolean): SaveCheckpoint {
    return (request) => (request.checkpoint.state.step < 2 || hasRoom() ? toDisk(request) : Promise.reject(diskFull()));
  }

  it('pauses the run, keeps the checkpoint before, and goes on when there is room', async () => {
    let room = false;
    const reasons: unknown[] = [];
    const result = await tryOut({
      ...{ steps: 5, every: 1, save: fullUntil(() => room) },
      react: (message, control) => {
        if (message.type !== 'state' || message.state !== 'paused') return;
        reasons.push(message.reason);
        room = true;
        setTimeout(() => control.resume());
      },
    });
    expect(result.error).toBeUndefined();
    expect(reasons).toEqual([expect.stringMatching(/^The disk of .* is full\. .* tried again every 30 s$/)]);
    expect(lastOf(result)).toMatchObject({ outcome: 'finished', step: 5 });
    expect(linesOf(result.folder)).toBe(5);
    expect(checkpointsOf(result.folder)).toEqual(['step-4', 'step-5']);
  });

  it('is tried again after a while', async () => {
    let tries = 0;
    const result = await tryOut({ steps: 3, every: 1, save: fullUntil(() => ++tries > 3), retryMs: 1 });
    expect(statesOf(result).filter((state) => state === 'paused')).toHaveLength(3);
    expect(lastOf(result)).toMatchObject({ outcome: 'finished' });
  });

  it('does not keep a run that is told to leave: it says what is lost', async () => {
    const result = await tryOut({
      ...{ steps: 5, every: 1, save: fullUntil(() => false) },
      react: (message, control) =>
        message.type === 'state' && message.state === 'paused' && setTimeout(() => control.stop()),
    });
    expect(failureOf(result.error)).toMatchObject({
      cause: 'The disk is full: no checkpoint could be saved. The last checkpoint is step-1',
      whatToDo: 'Free some space, then resume the run',
    });
    const newest = await loadNewestCheckpoint(join(result.folder, 'checkpoints'));
    expect(newest).toMatchObject({ name: 'step-1', skipped: [] });
  });
});

describe('a number that is not finite', () => {
  it('ends the run before the update and keeps the samples’ ids', async () => {
    const error = new NonFiniteError(2, NaN, Infinity, ['sample-7', 'sample-9']);
    const result = await tryOut({ loop: new CountingLoop(4, { atStep: 2, error }), every: 1 });
    const file = join(result.folder, 'non-finite.json');
    expect(failureOf(result.error).cause).toMatch(/^Training stopped at step 3: loss NaN, gradient norm Infinity/);
    expect(failureOf(result.error).whatToDo).toContain(file);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      ...{ step: 2, loss: 'NaN', gradNorm: 'Infinity', sampleIds: ['sample-7', 'sample-9'] },
    });
    expect(checkpointsOf(result.folder)).toEqual(['step-1', 'step-2']);
  });
});
