import { createRequire } from 'node:module';
import type * as Electron from 'electron';
import type { ProcessExit } from './exit-reason.ts';
import { startNodeProgram } from './node-program.ts';
import { startUtilityProgram } from './utility-program.ts';

/** Who started a program and hears of it. */
export interface ProgramListener {
  /** What the program sent, as it came: whoever reads it checks it. */
  onMessage(message: unknown): void;
  /** Called once, after the last message. */
  onExit(exit: ProcessExit): void;
}

/** A program of ours in a process of its own, whatever kind of process that is. */
export interface Program {
  /** Undefined until the process is there and after it has gone. */
  readonly pid: number | undefined;
  /** A process that is gone or going takes no messages; its exit says the rest. */
  send(message: unknown): void;
  /** Ends it without asking. */
  kill(): void;
}

/**
 * Where this is set, programs run in the Node it names although this process is Electron. The start script sets it, so
 * that engines run in the very Node they were set up and tested with, and outlive a crash of the window's process long enough to save.
 */
const NODE_VARIABLE = 'LLAVOLTA_NODE';

/**
 * Starts a program: as a Node process with a message channel or, in an Electron that has no Node beside it, as one of
 * Electron's utility processes. An installed Electron cannot run as Node itself: that fuse is off.
 *
 * @param file absolute path of the program
 * @param args what it finds in `process.argv` from index 2
 */
export function startProgram(file: string, listener: ProgramListener, args: readonly string[] = []): Program {
  const node = process.env[NODE_VARIABLE];
  if (process.versions.electron === undefined || node !== undefined)
    return startNodeProgram(file, listener, args, node);
  // Not a static import: in plain Node it would resolve to the npm package, which downloads Electron.
  const { utilityProcess } = createRequire(import.meta.url)('electron') as typeof Electron;
  return startUtilityProgram(file, listener, args, utilityProcess);
}
