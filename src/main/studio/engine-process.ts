import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { engineMessageSchema, type EngineCommand, type EngineMessage } from '../../shared/engine-protocol.ts';
import { ENGINE_EXEC_ARGV, engineEnvironment } from './engine-environment.ts';
import type { ProcessExit } from './exit-reason.ts';

const ENTRY = fileURLToPath(new URL('../engine/entry.ts', import.meta.url));
const STDERR_KEPT = 8000;

export interface EngineListener {
  onMessage(message: EngineMessage): void;
  /** Called once, after the last message. */
  onExit(exit: ProcessExit): void;
}

/** One engine process. It leaves by itself when this process is gone: the channel between them closes then. */
export class EngineProcess {
  private readonly child: ChildProcess;
  private stderr = '';

  /** @param entry the program; the engine's own unless a test says otherwise */
  constructor(listener: EngineListener, entry = ENTRY) {
    this.child = fork(entry, [], {
      env: engineEnvironment(),
      execArgv: [...ENGINE_EXEC_ARGV],
      serialization: 'advanced',
      // Whatever a native library prints must not tear a terminal view; the end of it explains a crash.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const keep = (chunk: Buffer): void => void (this.stderr = (this.stderr + chunk.toString()).slice(-STDERR_KEPT));
    this.child.stdout?.on('data', keep);
    this.child.stderr?.on('data', keep);
    this.child.on('message', (message) => listener.onMessage(engineMessageSchema.parse(message)));
    this.child.on('error', (error) => void (this.stderr += `\n${error.message}`));
    // 'close' comes after 'exit', when the outputs have been read to their ends.
    this.child.on('close', (code, signal) => listener.onExit({ code, signal, stderr: this.stderr }));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** A process that is gone or going takes no commands; its exit says the rest. */
  send(command: EngineCommand): void {
    if (this.child.connected) this.child.send(command, () => undefined);
  }

  /** Ends it without asking. */
  kill(): void {
    this.child.kill('SIGKILL');
  }
}
