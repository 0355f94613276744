import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type * as Electron from 'electron';
import { engineEnvironment } from './engine-environment.ts';
import type { ProcessExit } from './exit-reason.ts';
import type { Program, ProgramListener } from './program.ts';
import { TextTail } from './text-tail.ts';

const ENTRY = fileURLToPath(new URL('./utility-entry.ts', import.meta.url));

const NAME_OF_SIGNAL: ReadonlyMap<number, NodeJS.Signals> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [number, name as NodeJS.Signals]),
);
/** Signals a process dies of without its own doing. */
const FATAL: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGTERM'];

/**
 * Electron tells a signal by its number in place of the exit code. Engines leave with 0 or 1 only (ENGINE_EXIT), so such a number can be read back.
 */
export function exitOfUtility(code: number, platform = process.platform): Pick<ProcessExit, 'code' | 'signal'> {
  const signal = platform === 'win32' ? undefined : NAME_OF_SIGNAL.get(code);
  return signal !== undefined && FATAL.includes(signal) ? { code: null, signal } : { code, signal: null };
}

/** The parent's environment without variables that hold nothing, as Electron wants it. */
function environment(): Record<string, string> {
  const entries = Object.entries(engineEnvironment());
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/**
 * Starts a program as a utility process of Electron. `utility-entry.ts` gives it the channel it knows from Node.
 * When the parent dies Chromium ends such a process at once: a training then goes on from its last checkpoint.
 *
 * @param utilityProcess Electron's; its app must be ready
 */
export function startUtilityProgram(
  file: string,
  listener: ProgramListener,
  args: readonly string[],
  utilityProcess: Pick<typeof Electron.utilityProcess, 'fork'>,
): Program {
  const child = utilityProcess.fork(ENTRY, [file, ...args], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    serviceName: 'LLaVolta engine',
    // The library that TensorFlow's wheel brings is not signed by whoever signed the app.
    allowLoadingUnsignedLibraries: true,
  });
  const printed = new TextTail();
  let hasExited = false;
  let isUnwanted = false;
  // Electron's own kill() asks with SIGTERM, which an engine takes for "save and leave".
  const kill = (): void => {
    isUnwanted = true;
    if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL');
  };
  child.once('spawn', () => {
    if (isUnwanted) kill();
    child.stdout?.on('data', printed.add);
    child.stderr?.on('data', printed.add);
  });
  child.on('message', (message: unknown) => listener.onMessage(message));
  child.on('error', (type, location) => printed.add(`\n${type} in ${location}`));
  child.once('exit', (code) => {
    hasExited = true;
    // A turn later: Electron crashes where a listener of 'exit' posts a message to another utility process.
    setImmediate(() => listener.onExit({ ...exitOfUtility(code), stderr: printed.text }));
  });
  return {
    get pid() {
      return child.pid;
    },
    send: (message) => {
      if (!hasExited) child.postMessage(message);
    },
    kill,
  };
}
