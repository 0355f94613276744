/** The studio as its user starts it: `llavolta studio`, a process of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../../scripts/llavolta.mjs', import.meta.url));
const REPLAYING = fileURLToPath(new URL('replaying-studio.ts', import.meta.url));
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/;
/** A training saves before its studio leaves. */
const LEAVING_MS = 60_000;

export interface RunningStudio {
  readonly pid: number;
  /** Lets one browser in, once. */
  readonly url: string;
  /** Address without a token: `http://127.0.0.1:4871`. */
  readonly origin: string;
  /** `performance.now()` when the process was started. */
  readonly startedAt: number;
  /** An address for another browser. */
  newUrl(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the terminal program in a folder. `args` are those behind `llavolta`. */
export function startTerminalProgram(args: readonly string[], folder: string): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [PROGRAM, ...args], { cwd: folder });
}

/** Hands out the addresses that a studio prints, one to each who waits. */
class Addresses {
  private said = '';
  private waiting: { readonly resolve: (address: string) => void; readonly reject: (error: Error) => void }[] = [];

  constructor(child: ChildProcessWithoutNullStreams) {
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => this.hear(line));
    lines.on('close', () => this.end());
    child.stderr.on('data', (text: Buffer) => (this.said += text.toString()));
  }

  /** The first address that is printed from now on. */
  next(): Promise<string> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  private hear(line: string): void {
    const [address] = ADDRESS.exec(line) ?? [];
    if (address === undefined) this.said += `${line}\n`;
    else this.waiting.shift()?.resolve(address);
  }

  private end(): void {
    for (const { reject } of this.waiting) reject(new Error(`The studio ended. ${this.said}`));
    this.waiting = [];
  }
}

async function stop(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const left = once(child, 'exit');
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), LEAVING_MS);
  await left;
  clearTimeout(timer);
}

/** A studio whose trainings are replayed ones. Stop it when done. @throws where it does not start */
export function startReplayingStudio(workspace: string): Promise<RunningStudio> {
  return running(spawn(process.execPath, ['--import', 'tsx', REPLAYING, workspace], { cwd: PROJECT }));
}

/** Starts a studio and resolves when it has printed its address. Stop it when done. @throws where it does not start */
export function startStudio(workspace: string): Promise<RunningStudio> {
  return running(startTerminalProgram(['studio', '--no-open', '--port', '0', '--workspace', workspace], workspace));
}

async function running(child: ChildProcessWithoutNullStreams): Promise<RunningStudio> {
  const startedAt = performance.now();
  const addresses = new Addresses(child);
  const url = await addresses.next();
  const { pid } = child;
  if (pid === undefined) throw new Error('a studio that printed its address is a process');
  return {
    ...{ pid, url, origin: new URL(url).origin, startedAt },
    newUrl: () => {
      const address = addresses.next();
      child.stdin.write('\n');
      return address;
    },
    stop: () => stop(child),
  };
}
