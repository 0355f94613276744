import type { Failure } from '../../shared/run-record.ts';

/** How an engine process ended without a word of its own. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to its error output. */
  readonly stderr: string;
}

type Explanation = Pick<Failure, 'cause' | 'whatToDo'>;

const NATIVE_CRASH: Explanation = {
  cause: 'The engine crashed in native code (TensorFlow or another library)',
  whatToDo: 'If it comes again, report it with the details; llavolta doctor checks the installation',
};

const BY_SIGNAL: Readonly<Partial<Record<NodeJS.Signals, Explanation>>> = {
  SIGKILL: {
    cause: 'The engine was killed. If nobody did that, the system ran out of memory',
    whatToDo: 'Close other programs, or take a smaller batchSize or a larger accumulate',
  },
  SIGSEGV: NATIVE_CRASH,
  SIGABRT: NATIVE_CRASH,
  SIGBUS: NATIVE_CRASH,
  SIGILL: {
    cause: 'The engine ran an instruction that this processor does not have',
    whatToDo: 'The TensorFlow library does not fit this machine: see llavolta doctor',
  },
};

/** V8 prints this before it aborts. */
const HEAP_FULL = /JavaScript heap out of memory/;

const OUT_OF_HEAP: Explanation = {
  cause: 'The engine ran out of JavaScript memory',
  whatToDo: 'Give it more with NODE_OPTIONS=--max-old-space-size=8192',
};

function explain({ code, signal, stderr }: ProcessExit): Explanation {
  if (HEAP_FULL.test(stderr)) return OUT_OF_HEAP;
  const known = signal === null ? undefined : BY_SIGNAL[signal];
  if (known) return known;
  const how = signal === null ? `with exit code ${String(code)}` : `by the signal ${signal}`;
  return { cause: `The engine ended ${how} and did not say why`, whatToDo: 'Report it with the details' };
}

/** Why a process is gone, in words. */
export function failureOfExit(exit: ProcessExit): Failure {
  const details = `exit code ${String(exit.code)}, signal ${String(exit.signal)}\n${exit.stderr}`.trim();
  return { ...explain(exit), details };
}
