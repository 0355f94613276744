import { Worker } from 'node:worker_threads';
import type { Checkpoint } from './checkpoint-format.ts';

export interface SaveRequest {
  readonly checkpoints: string;
  readonly checkpoint: Checkpoint;
  readonly keep: number;
}

/** The checkpoint's folder, or why there is none. Errors lose their code on the way between threads, so it goes apart. */
export type SaveReply =
  | { readonly folder: string }
  | { readonly error: { readonly message: string; readonly stack: string; readonly code?: string } };

/** Saves one checkpoint and resolves to its folder. Takes over the tensors of the request. */
export type SaveCheckpoint = (request: SaveRequest) => Promise<string>;

/** The buffers that move to the other thread instead of being copied. */
function buffersOf({ weights, optimizer }: Checkpoint): ArrayBuffer[] {
  const tensors = [...weights.values(), ...optimizer.values()];
  return [...new Set(tensors.map(({ data }) => data.buffer as ArrayBuffer))];
}

function answerOf(worker: Worker): Promise<SaveReply> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      worker.removeAllListeners();
      finish();
    };
    worker.once('message', (answer: SaveReply) => settle(() => resolve(answer)));
    worker.once('error', (error) => settle(() => reject(error)));
    worker.once('exit', (code) => settle(() => reject(new Error(`the checkpoint writer left with code ${code}`))));
  });
}

/** Writes checkpoints in a thread of their own. Dispose it when done. */
export class CheckpointThread {
  private worker: Worker | undefined;

  /** One at a time. @throws the error of the save, with the system's code (ENOSPC …) */
  readonly save: SaveCheckpoint = async (request) => {
    this.worker ??= new Worker(new URL('./checkpoint-worker.ts', import.meta.url));
    const answer = answerOf(this.worker);
    this.worker.postMessage(request, buffersOf(request.checkpoint));
    const reply = await answer;
    if ('folder' in reply) return reply.folder;
    const { message, stack, code } = reply.error;
    throw Object.assign(new Error(message), { stack, code });
  };

  async dispose(): Promise<void> {
    await this.worker?.terminate();
    this.worker = undefined;
  }
}

type Settled = { readonly folder: string } | { readonly error: unknown };

/** Saves in the background, one checkpoint at a time. The loop asks at its own moments how it went. */
export class BackgroundSaver {
  private readonly save: SaveCheckpoint;
  private pending: Promise<void> | undefined;
  private settled: Settled | undefined;

  constructor(save: SaveCheckpoint) {
    this.save = save;
  }

  get isBusy(): boolean {
    return this.pending !== undefined;
  }

  /** Begins a save. Call `finish` first where one is under way. */
  start(request: SaveRequest): void {
    if (this.pending) throw new Error('a checkpoint is being saved already');
    this.pending = this.save(request)
      .then((folder) => void (this.settled = { folder }))
      .catch((error: unknown) => void (this.settled = { error }))
      .finally(() => (this.pending = undefined));
  }

  /** The folder of a save that has ended since the last call, if any. @throws its error */
  poll(): string | undefined {
    const { settled } = this;
    this.settled = undefined;
    if (settled && 'error' in settled) throw settled.error;
    return settled?.folder;
  }

  /** Waits for the save that is under way, if any; then as `poll`. */
  async finish(): Promise<string | undefined> {
    await this.pending;
    return this.poll();
  }
}
