import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../../../../../src/shared/random.ts';
import { rope, ropeTable } from '../../../../../src/main/engine/backend/ops/rope.ts';
import { tf, type Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import { gradientCheck, tapeGradients } from '../../../../helpers/gradient-check.ts';
import {
  expectTensorsClose,
  indexVector,
  randomTensor,
  relativeDistance,
  valuesOf,
  withTensors,
} from '../../../../helpers/tensors.ts';
import * as reference from '../reference-ops.ts';

const random = Random.from(5, 'rope');
const THETA = 100;
// A gap and a repeat, as compression leaves them.
const positionIds = [0, 1, 2, 9, 9];
const positions = indexVector(positionIds);
afterAll(() => tf.dispose(positions));

/** θ^(−2i/d) for each pair: [1, d/2]. */
const frequencies = (headDim: number, theta = THETA): Tensor =>
  tf.tensor2d(
    Float32Array.from({ length: headDim / 2 }, (_, i) => theta ** ((-2 * i) / headDim)),
    [1, headDim / 2],
  );

describe.each([
  { heads: 1, headDim: 2 },
  { heads: 1, headDim: 6 },
  { heads: 3, headDim: 4 },
])('rope with $heads heads of width $headDim', ({ heads, headDim }) => {
  const x = randomTensor(random, [5, heads * headDim]);
  const op = (a: Tensor): Tensor => rope(a, ropeTable(positions, heads, frequencies(headDim)));

  it('turns each pair by its position', () => {
    const expected = reference.rope(reference.rowsOf(x.data, heads * headDim), positionIds, headDim, THETA);
    withTensors([x], (a: Tensor) => expectTensorsClose(op(a), { shape: x.shape, data: expected.flat() }, 2e-6));
  });

  it('has the right gradient', () => gradientCheck(op, [x]));

  it('its gradient is the inverse rotation: rotating and going back gives the input', () => {
    const rotated = { shape: x.shape, data: new Float32Array(x.data.length) };
    withTensors([x], (a: Tensor) => rotated.data.set(valuesOf(op(a))));
    const [back] = tapeGradients(op, [x], rotated);
    expect(relativeDistance(back as Float32Array, x.data)).toBeLessThan(1e-6);
  });
});

describe('ropeTable', () => {
  const x = randomTensor(random, [5, 8]);

  it('carries a factor', () => {
    const expected = reference.rope(reference.rowsOf(x.data, 8), positionIds, 4, THETA).flat();
    const scaled = (a: Tensor): Tensor => rope(a, ropeTable(positions, 2, frequencies(4), 0.5));
    withTensors([x], (a: Tensor) =>
      expectTensorsClose(scaled(a), { shape: x.shape, data: expected.map((y) => 0.5 * y) }, 2e-6),
    );
    gradientCheck(scaled, [x]);
  });

  it('scores of rotated queries and keys depend on the distance only', () => {
    const score = (from: number, to: number): number =>
      tf.tidy(() => {
        const ids = tf.tensor1d([from, to], 'int32');
        const row = x.data.slice(0, 4);
        const both = rope(tf.tensor2d(Float32Array.of(...row, ...row), [2, 4]), ropeTable(ids, 1, frequencies(4)));
        const [a, b] = reference.rowsOf(valuesOf(both), 4) as [number[], number[]];
        return a.reduce((total, value, i) => total + value * (b[i] as number), 0);
      });
    expect(score(7, 3)).toBeCloseTo(score(104, 100), 4);
    expect(score(7, 3)).not.toBeCloseTo(score(7, 4), 2);
  });

  it('is precise at the positions of a long row', () => {
    const far = indexVector([0, 1, 1000, 4000, 8191]);
    const expected = reference.rope(reference.rowsOf(x.data, 8), [0, 1, 1000, 4000, 8191], 8, 10_000);
    withTensors([x], (a: Tensor) =>
      // Angles are float32, as in transformers: 8191 is known to ±2.4e-4.
      expectTensorsClose(
        rope(a, ropeTable(far, 1, frequencies(8, 10_000))),
        { shape: x.shape, data: expected.flat() },
        2e-3,
      ),
    );
    tf.dispose(far);
  });
});
