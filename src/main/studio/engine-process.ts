import { fileURLToPath } from 'node:url';
import { engineMessageSchema, type EngineCommand, type EngineMessage } from '../../shared/engine-protocol.ts';
import type { ProcessExit } from './exit-reason.ts';
import { startProgram, type Program } from './program.ts';

const ENTRY = fileURLToPath(new URL('../engine/entry.ts', import.meta.url));

export interface EngineListener {
  onMessage(message: EngineMessage): void;
  /** Called once, after the last message. */
  onExit(exit: ProcessExit): void;
}

/** One engine process. It leaves by itself when this process is gone. */
export class EngineProcess {
  private readonly program: Program;

  /** @param entry the program; the engine's own unless a test says otherwise */
  constructor(listener: EngineListener, entry = ENTRY) {
    this.program = startProgram(entry, {
      onMessage: (message) => listener.onMessage(engineMessageSchema.parse(message)),
      onExit: (exit) => listener.onExit(exit),
    });
  }

  get pid(): number | undefined {
    return this.program.pid;
  }

  /** A process that is gone or going takes no commands; its exit says the rest. */
  send(command: EngineCommand): void {
    this.program.send(command);
  }

  /** Ends it without asking. */
  kill(): void {
    this.program.kill();
  }
}
