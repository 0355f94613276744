import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../../../../../src/shared/random.ts';
import { concatRows, gatherRows, segmentMean, type Segments } from '../../../../../src/main/engine/backend/ops/rows.ts';
import { reshapeOp } from '../../../../../src/main/engine/backend/ops/reshape.ts';
import { tf, type Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import { gradientCheck, tapeGradients } from '../../../../helpers/gradient-check.ts';
import { expectTensorsClose, indexVector, onDevice, randomTensor, withTensors } from '../../../../helpers/tensors.ts';

const random = Random.from(4, 'rows');
const x = { shape: [4, 2], data: Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31) };

describe('gatherRows', () => {
  const index = indexVector([2, 0, 2, 2]);
  const op = (a: Tensor): Tensor => gatherRows(a, index);
  afterAll(() => tf.dispose(index));

  it('picks rows, some repeatedly', () => {
    withTensors([x], (a: Tensor) =>
      expectTensorsClose(op(a), { shape: [4, 2], data: [20, 21, 0, 1, 20, 21, 20, 21] }, 0),
    );
  });

  it('adds the gradients of a repeated row; a row nobody picked gets 0', () => {
    const dy = { shape: [4, 2], data: Float32Array.of(1, 2, 4, 8, 16, 32, 64, 128) };
    expect([...(tapeGradients(op, [x], dy)[0] as Float32Array)]).toEqual([4, 8, 0, 0, 81, 162, 0, 0]);
  });

  it('has the right gradient', () => gradientCheck(op, [randomTensor(random, [4, 3])]));
});

/** The arrays of `Segments` from the segment of each row (−1: dropped), as a compressor makes them. */
function segmentsOf(segments: number[], count: number): Segments {
  const sizes = Array.from({ length: count }, (_, s) => segments.filter((other) => other === s).length);
  const column = (values: number[]): Tensor => onDevice({ shape: [values.length, 1], data: Float32Array.from(values) });
  return {
    segments: indexVector(segments),
    source: indexVector(segments.map((s) => Math.max(s, 0))),
    kept: column(segments.map((s) => (s < 0 ? 0 : 1))),
    weight: column(sizes.map((size) => (size === 0 ? 0 : 1 / size))),
  };
}

describe('segmentMean', () => {
  // Rows 0 and 1 become one, row 2 is dropped, row 3 stays; segments 2 and 3 are padding.
  const segments = segmentsOf([0, 0, -1, 1], 4);
  const op = (a: Tensor): Tensor => segmentMean(a, segments);
  afterAll(() => tf.dispose(Object.values(segments)));

  it('averages segments, leaves dropped rows out, and makes padding zeros', () => {
    withTensors([x], (a: Tensor) => expectTensorsClose(op(a), { shape: [4, 2], data: [5, 6, 30, 31, 0, 0, 0, 0] }, 0));
  });

  it('spreads the gradient over the rows of a segment; a dropped row gets 0', () => {
    const dy = { shape: [4, 2], data: Float32Array.of(2, 4, 8, 16, 32, 64, 128, 256) };
    expect([...(tapeGradients(op, [x], dy)[0] as Float32Array)]).toEqual([1, 2, 1, 2, 0, 0, 8, 16]);
  });

  it('has the right gradient', () => gradientCheck(op, [randomTensor(random, [4, 3])]));

  it('takes rows of a segment from anywhere', () => {
    const scattered = segmentsOf([1, 0, 1, 0], 2);
    withTensors([x], (a: Tensor) =>
      expectTensorsClose(segmentMean(a, scattered), { shape: [2, 2], data: [20, 21, 10, 11] }, 0),
    );
    gradientCheck((a: Tensor) => segmentMean(a, scattered), [randomTensor(random, [4, 3])]);
    tf.dispose(Object.values(scattered));
  });
});

describe('concatRows', () => {
  const [a, b] = [randomTensor(random, [2, 3]), randomTensor(random, [4, 3])];

  it('stacks', () => {
    withTensors([a, b], (top: Tensor, bottom: Tensor) =>
      expectTensorsClose(concatRows(top, bottom), { shape: [6, 3], data: [...a.data, ...b.data] }, 0),
    );
  });

  it('has the right gradients', () => {
    gradientCheck(concatRows, [a, b]);
    gradientCheck(concatRows, [a, b], { trained: [false, true] });
    gradientCheck(concatRows, [a, b], { trained: [true, false] });
    gradientCheck((top: Tensor) => concatRows(top, top), [a]);
  });
});

describe('reshapeOp', () => {
  const a = randomTensor(random, [2, 6]);

  it('keeps the values in their order', () => {
    withTensors([a], (x: Tensor) => {
      expectTensorsClose(reshapeOp(x, [3, 4]), { shape: [3, 4], data: a.data }, 0);
      expectTensorsClose(reshapeOp(x, [4, -1]), { shape: [4, 3], data: a.data }, 0);
    });
  });

  it('has the right gradient, in the old shape', () => gradientCheck((x: Tensor) => reshapeOp(x, [4, -1]), [a]));
});
