import { fileURLToPath } from 'node:url';

const ENGINE = new URL('../../', import.meta.url).href;
/** Deep enough to get out of tfjs and of a decoder layer's ops. */
const FRAMES = 60;
/** Where a frame says little: the recorder itself, the words that ops are written in, libraries. */
const SKIPPED = [
  /engine\/backend\/graph\/[a-z-]+\.ts:/,
  /engine\/backend\/(kernels?|precision)\.ts:/,
  /\/node_modules\//,
];
/** A frame's file with line and column; frames of Node itself have none. */
const PLACE = /((?:file:\/\/)?(?:\/|[A-Za-z]:\\)[^()]*:\d+:\d+)\)?$/;

/** `backend/ops/linear.ts:21:12`: the JavaScript that asked for the op being recorded, for error messages. */
export function callerPlace(): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = before;
  const places = stack.split('\n').flatMap((line) => PLACE.exec(line)?.[1] ?? []);
  const place = places.find((candidate) => SKIPPED.every((pattern) => !pattern.test(candidate)));
  return place === undefined ? 'an unknown place' : place.replace(ENGINE, '').replace(fileURLToPath(ENGINE), '');
}
