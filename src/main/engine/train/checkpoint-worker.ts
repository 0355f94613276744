// A thread that writes checkpoints, so that the training loop goes on meanwhile. It must not load TensorFlow.
import { parentPort } from 'node:worker_threads';
import type { SaveReply, SaveRequest } from './checkpoint-saver.ts';
import { saveCheckpoint } from './checkpoint-write.ts';

async function reply({ checkpoints, checkpoint, keep }: SaveRequest): Promise<SaveReply> {
  try {
    return { folder: await saveCheckpoint(checkpoints, checkpoint, keep) };
  } catch (error) {
    const { message, stack, code } = error as NodeJS.ErrnoException;
    return { error: { message, stack: stack ?? '', ...(code !== undefined && { code }) } };
  }
}

parentPort?.on(
  'message',
  (request: SaveRequest) => void reply(request).then((answer) => parentPort?.postMessage(answer)),
);
