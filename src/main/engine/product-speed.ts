/** A process of its own that finds how fast matrix products are: `fork` it and it sends `{ flopsPerSecond }`. */
import { matMul, slice } from './backend/kernels.ts';
import { tf } from './backend/tensorflow.ts';

const SIDE = 1024;
const [WARM_UP, ROUNDS] = [2, 8];

/** FLOPs per second of the fastest of some float32 products. One value is read: waiting for the product without copying it. */
function productSpeed(): number {
  return tf.tidy(() => {
    const [a, b] = [tf.ones([SIDE, SIDE]), tf.ones([SIDE, SIDE])];
    const seconds = Array.from({ length: WARM_UP + ROUNDS }, () => {
      const started = performance.now();
      tf.tidy(() => slice(matMul(a, b), [0, 0], [1, 1]).dataSync());
      return (performance.now() - started) / 1000;
    });
    return (2 * SIDE ** 3) / Math.min(...seconds.slice(WARM_UP));
  });
}

const answer = { flopsPerSecond: productSpeed() };
// Leaving only after the message is out; TensorFlow's threads would otherwise keep the process alive for a moment.
process.send?.(answer, undefined, undefined, () => process.exit(0));
