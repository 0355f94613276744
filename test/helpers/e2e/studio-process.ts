/** The studio as a user starts it: a process of its own, known by what it prints. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../served-studio.ts';

const PROGRAM = fileURLToPath(new URL('../../../scripts/llavolta.mjs', import.meta.url));
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/g;

/** The environment of a terminal: without what tells Node or vitest how this test is run. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, VITEST: _vitest, NODE_ENV: _env, ...rest } = process.env;
  return rest;
}

/** Starts the terminal program. @param folder it is started in */
export function startProgram(folder: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, env: environment() });
}

/** Runs the terminal program to its end. @throws where it fails, with what it printed */
export async function runProgram(folder: string, args: readonly string[]): Promise<void> {
  const child = startProgram(folder, args);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (printed += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`llavolta ${args.join(' ')} ended with ${String(code)}:\n${printed}`);
}

export class StudioProcess {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly closed: Promise<unknown>;
  private output = '';

  private constructor(workspace: string) {
    this.child = startProgram(workspace, ['studio', '--no-open', '--port', '0', '--workspace', workspace]);
    this.closed = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on('data', (text: Buffer) => (this.output += text.toString()));
  }

  /** Resolves when the studio has printed its address. */
  static async start(workspace: string): Promise<StudioProcess> {
    const studio = new StudioProcess(workspace);
    await studio.addressAfter(0);
    return studio;
  }

  /** What it has printed so far. */
  get printed(): string {
    return this.output;
  }

  /** The newest address; each can be used once. */
  get url(): string {
    return this.addresses().at(-1) ?? '';
  }

  /** Another address, as Enter in the terminal gives it. */
  async newUrl(): Promise<string> {
    const known = this.addresses().length;
    this.child.stdin.write('\n');
    return this.addressAfter(known);
  }

  /** `kill -9`. Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.closed;
  }

  /** Ctrl-C: trainings save first. Resolves when the process is gone. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGINT');
    await this.closed;
  }

  private addresses(): string[] {
    return this.output.match(ADDRESS) ?? [];
  }

  private addressAfter(known: number): Promise<string> {
    return until(() => {
      if (this.child.exitCode !== null) throw new Error(`the studio did not start:\n${this.output}`);
      return this.addresses()[known];
    }, 60_000);
  }
}
