import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import type { WeightTensor } from '../model/weight-tensor.ts';
import type { Checkpoint } from './checkpoint-format.ts';
import { startThread } from './start-thread.ts';

export interface SaveRequest {
  readonly checkpoints: string;
  readonly checkpoint: Checkpoint;
  readonly keep: number;
}

/** The checkpoint's folder, or why there is none. Errors lose their code on the way between threads, so it goes apart. */
export type SaveReply =
  | { readonly folder: string }
  | { readonly error: { readonly message: string; readonly stack: string; readonly code?: string } };

/** Saves one checkpoint and resolves to its folder. It may take over the tensors of the request. */
export type SaveCheckpoint = (request: SaveRequest) => Promise<string>;

/** The buffers of all tensors in memory of some maps. */
function buffersOf(...maps: ReadonlyMap<string, WeightTensor>[]): Set<ArrayBuffer> {
  const tensors = maps.flatMap((map) => [...map.values()]);
  return new Set(tensors.flatMap((tensor) => ('data' in tensor ? [tensor.data.buffer as ArrayBuffer] : [])));
}

/** The next answer of a thread. Rejects where the thread fails or leaves instead. */
async function answerOf(worker: Worker): Promise<SaveReply> {
  const watching = new AbortController();
  const { signal } = watching;
  const answer = once(worker, 'message', { signal }).then(([reply]) => reply as SaveReply);
  const exit = once(worker, 'exit', { signal }).then(([code]) => {
    throw new Error(`the checkpoint writer left with code ${String(code)}`);
  });
  try {
    return await Promise.race([answer, exit]);
  } finally {
    watching.abort();
    await Promise.allSettled([answer, exit]);
  }
}

/** Writes checkpoints in a thread of their own. Dispose it when done. */
export class CheckpointThread {
  private worker: Worker | undefined;
  private readonly shared: ReadonlySet<ArrayBuffer>;

  /** @param shared tensors that stay in use here (weights that are not trained): they are copied, all others move */
  constructor(shared: ReadonlyMap<string, WeightTensor>) {
    this.shared = buffersOf(shared);
  }

  /** One at a time. @throws the error of the save, with the system's code (ENOSPC …) */
  readonly save: SaveCheckpoint = async (request) => {
    this.worker ??= startThread(new URL('./checkpoint-worker.ts', import.meta.url));
    const answer = answerOf(this.worker);
    const { weights, optimizer } = request.checkpoint;
    const moved = [...buffersOf(weights, optimizer)].filter((buffer) => !this.shared.has(buffer));
    this.worker.postMessage(request, moved);
    const reply = await answer.catch((error: unknown) => {
      // A thread that has failed is gone; the next save starts a new one.
      this.worker = undefined;
      throw error;
    });
    if ('folder' in reply) return reply.folder;
    const { message, stack, code } = reply.error;
    throw Object.assign(new Error(message), { stack, code });
  };

  async dispose(): Promise<void> {
    await this.worker?.terminate();
    this.worker = undefined;
  }
}

/** Saves in the background, one checkpoint at a time. The loop asks at its own moments how it went. */
export class BackgroundSaver {
  private readonly save: SaveCheckpoint;
  private pending: Promise<void> | undefined;
  private outcome: { readonly folder: string } | { readonly error: unknown } | undefined;

  constructor(save: SaveCheckpoint) {
    this.save = save;
  }

  get isBusy(): boolean {
    return this.pending !== undefined;
  }

  /** Begins a save, where none is under way. */
  start(request: SaveRequest): void {
    if (this.pending) throw new Error('a checkpoint is being saved already');
    this.pending = this.save(request)
      .then((folder) => void (this.outcome = { folder }))
      .catch((error: unknown) => void (this.outcome = { error }))
      .finally(() => (this.pending = undefined));
  }

  /** Resolves when no save is under way. */
  async idle(): Promise<void> {
    await this.pending;
  }

  /** The folder of the save that has ended. @throws its error */
  take(): string {
    const { outcome } = this;
    if (!outcome) throw new Error('no save has ended');
    this.outcome = undefined;
    if ('error' in outcome) throw outcome.error;
    return outcome.folder;
  }
}
