import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { END_SIGNALS, interruptible } from '../../../src/main/terminal/end-signals.ts';
import { terminalWork } from '../../../src/main/terminal/follow-experiment.ts';
import { untilInterrupted } from '../../../src/main/terminal/follow-job.ts';

// An engine that takes its time to end.
vi.mock('../../../src/main/experiment/ask-run.ts', () => ({ askRun: () => work }));

let work: Promise<void>;
let finish: () => void;
const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
const listeners = (): number[] => END_SIGNALS.map((name) => process.listenerCount(name));
let before: number[];
beforeEach(() => {
  work = new Promise((resolve) => (finish = resolve));
  before = listeners();
  exit.mockClear();
});
afterEach(() => expect(listeners()).toEqual(before));

const silent = { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream;
const job = { kind: 'evaluate', model: 'm', data: 'd', compressions: ['none'], batchSize: 1, maxTokens: 1 } as const;

describe('a request to end', () => {
  it.each([
    ['work', () => interruptible(() => work)],
    ['a job', () => untilInterrupted(() => work)],
    [
      'an experiment that asks',
      () => terminalWork(silent, ['r']).ask({ ...job, compressions: ['none'] }, 'r', vi.fn()),
    ],
  ])('ends %s as it can, a second one ends the program', async (_name, begin) => {
    const ended = begin();
    process.emit('SIGINT', 'SIGINT');
    expect(exit).not.toHaveBeenCalled();
    process.emit('SIGTERM', 'SIGTERM');
    expect(exit).toHaveBeenCalledWith(130);
    finish();
    await ended;
  });

  it('is told to the work', async () => {
    const ended = untilInterrupted(async (signal) => {
      await work;
      expect(signal.aborted).toBe(true);
    });
    process.emit('SIGHUP', 'SIGHUP');
    finish();
    expect(await ended).toBe(130);
  });

  it('is no longer heard when the work has failed', async () => {
    await expect(interruptible(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
