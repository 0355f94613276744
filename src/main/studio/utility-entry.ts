/**
 * Runs in a utility process of Electron and gives a program (its path is the first argument, its own arguments follow) the
 * message channel that a forked Node process has. So the engine need not know what started it.
 */
import { pathToFileURL } from 'node:url';
import type { ParentPort } from 'electron';

/** Electron does not say when a message has left the process, and programs leave when their last one has: they are held up this long. */
const FLUSH_MS = 200;

const port: ParentPort = process.parentPort;

function send(message: unknown, ...rest: readonly unknown[]): boolean {
  port.postMessage(message);
  const sent = rest.at(-1);
  if (typeof sent === 'function') setTimeout(() => void Reflect.apply(sent, undefined, [null]), FLUSH_MS);
  return true;
}

Object.assign(process, { send, connected: true });
port.on('message', ({ data }) => void process.emit('message', data, undefined));

// The program finds its own path and arguments where it would have them without this file.
process.argv.splice(1, 1);
const program = process.argv[1];
if (program === undefined) throw new Error('the program to run is missing');
await import(pathToFileURL(program).href);
// Node leaves when nothing is left to do; Electron's port would keep a process that listens to nobody.
if (process.listenerCount('message') === 0) setTimeout(() => process.exit(), FLUSH_MS);
