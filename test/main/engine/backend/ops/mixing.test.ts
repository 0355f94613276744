import { afterAll, describe, expect, it } from 'vitest';
import { mixRows } from '../../../../../src/main/engine/backend/ops/mixing.ts';
import { withPrecision } from '../../../../../src/main/engine/backend/precision.ts';
import { tf, type Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import { Random } from '../../../../../src/shared/random.ts';
import { gradientCheck, tapeGradients } from '../../../../helpers/gradient-check.ts';
import { expectTensorsClose, onDevice, randomTensor, withTensors } from '../../../../helpers/tensors.ts';

/** Two groups of three rows; the first sum takes rows 0 and 2, the second row 1 twice, and so on. */
const weights = onDevice({ shape: [2, 2, 3], data: Float32Array.of(1, 0, 0.5, 0, 2, 0, 1, 1, 1, 0, 0, 0) });
const x = { shape: [2, 3, 2], data: Float32Array.of(1, 2, 10, 20, 4, 8, 3, 5, 30, 50, 300, 500) };
const op = (rows: Tensor): Tensor => mixRows(weights, rows);
afterAll(() => tf.dispose(weights));

describe('mixRows', () => {
  it('sums the rows of each group by their weights', () => {
    withTensors([x], (rows: Tensor) =>
      expectTensorsClose(op(rows), { shape: [2, 2, 2], data: [3, 6, 20, 40, 333, 555, 0, 0] }, 0),
    );
  });

  it('gives every row the gradients of the sums it is in', () => {
    const dy = { shape: [2, 2, 2], data: Float32Array.of(1, 2, 4, 8, 16, 32, 64, 128) };
    expect([...(tapeGradients(op, [x], dy)[0] as Float32Array)]).toEqual([1, 2, 8, 16, 0.5, 1, 16, 32, 16, 32, 16, 32]);
  });

  it('has the right gradient', () => gradientCheck(op, [randomTensor(Random.from(4, 'mixing'), [2, 3, 4])]));

  it('does not round where other products do', () => {
    const fine = { shape: [2, 3, 1], data: Float32Array.of(0, 1 + 2 ** -20, 0, 0, 0, 0) };
    withTensors([fine], (rows: Tensor) => {
      const mixed = withPrecision('bfloat16', () => op(rows));
      expectTensorsClose(mixed, { shape: [2, 2, 1], data: [0, 2 + 2 ** -19, 0, 0] }, 0);
    });
  });
});
