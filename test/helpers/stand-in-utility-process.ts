import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import type * as Electron from 'electron';

/** Gives a thread the `process.parentPort` of Electron, then runs the module named last in its arguments. */
const PREAMBLE = `
  const { parentPort } = require('node:worker_threads');
  process.parentPort = {
    on: (name, listener) => parentPort.on(name, (data) => listener({ data })),
    postMessage: (message) => parentPort.postMessage(message),
  };
  const [tsx, module] = process.argv.splice(-2);
  import(tsx).then(({ register }) => { register(); return import(module); });
`;

/**
 * Electron's `utilityProcess` as far as our code uses it, on a thread: it too has no `process.send`, is told of by events and
 * copies messages structurally. It shows that the channel is put together rightly, not that Electron behaves so.
 */
export const standInUtilityProcess: Pick<typeof Electron.utilityProcess, 'fork'> = {
  fork: (modulePath, args = []) => {
    const worker = new Worker(PREAMBLE, {
      eval: true,
      argv: [...args, import.meta.resolve('tsx/esm/api'), modulePath],
      stdout: true,
      stderr: true,
    });
    const child = Object.assign(new EventEmitter(), {
      pid: undefined,
      stdout: worker.stdout,
      stderr: worker.stderr,
      postMessage: (message: unknown) => worker.postMessage(message),
    });
    worker.once('online', () => child.emit('spawn'));
    worker.on('message', (message) => child.emit('message', message));
    worker.once('exit', (code) => child.emit('exit', code));
    return child as unknown as Electron.UtilityProcess;
  },
};
