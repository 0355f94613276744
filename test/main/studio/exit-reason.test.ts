import { describe, expect, it } from 'vitest';
import { failureOfExit } from '../../../src/main/studio/exit-reason.ts';

describe('why an engine is gone', () => {
  it.each([
    [{ code: null, signal: 'SIGKILL' as const, stderr: '' }, /was killed.*ran out of memory/, /smaller batchSize/],
    [{ code: null, signal: 'SIGSEGV' as const, stderr: '' }, /crashed in native code/, /llavolta doctor/],
    [{ code: null, signal: 'SIGABRT' as const, stderr: 'terminate called' }, /crashed in native code/, /report/],
    [{ code: null, signal: 'SIGILL' as const, stderr: '' }, /instruction that this processor does not have/, /doctor/],
    [
      {
        code: null,
        signal: 'SIGABRT' as const,
        stderr: 'FATAL ERROR: Reached heap limit. JavaScript heap out of memory',
      },
      /ran out of JavaScript memory/,
      /max-old-space-size/,
    ],
    [{ code: 7, signal: null, stderr: 'oops' }, /ended with exit code 7/, /Report/],
    [{ code: null, signal: 'SIGXCPU' as const, stderr: '' }, /by the signal SIGXCPU/, /Report/],
  ])('%o', (exit, cause, whatToDo) => {
    const failure = failureOfExit(exit);
    expect(failure.cause).toMatch(cause);
    expect(failure.whatToDo).toMatch(whatToDo);
    expect(failure.details).toContain(exit.stderr);
  });
});
