import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../../../../../src/shared/random.ts';
import { crossEntropy } from '../../../../../src/main/engine/backend/ops/loss.ts';
import { tf, type Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import { gradientCheck, tapeGradients } from '../../../../helpers/gradient-check.ts';
import { expectTensorsClose, indexVector, onDevice, randomTensor, withTensors } from '../../../../helpers/tensors.ts';
import * as reference from '../reference-ops.ts';

const random = Random.from(7, 'loss');
const logits = randomTensor(random, [4, 5], 2);
const classes = [3, 0, 4, 0];
// The last row is padding.
const rowWeights = [0.5, 0.25, 0.125, 0];

describe('crossEntropy', () => {
  const targets = indexVector(classes);
  const weights = onDevice({ shape: [4], data: Float32Array.from(rowWeights) });
  const op = (x: Tensor): Tensor => crossEntropy(x, targets, weights);
  afterAll(() => tf.dispose([targets, weights]));

  it('is the weighted sum of −log softmax at the targets', () => {
    const losses = reference.crossEntropies(reference.rowsOf(logits.data, 5), classes);
    const expected = losses.reduce((total, loss, i) => total + loss * (rowWeights[i] as number), 0);
    withTensors([logits], (x: Tensor) => expectTensorsClose(op(x), { shape: [], data: [expected] }));
  });

  it('has the right gradient', () => gradientCheck(op, [logits]));

  it('a padding row has no gradient; the others’ are softmax − one-hot, weighted', () => {
    const [gradient] = tapeGradients(op, [logits], { shape: [], data: Float32Array.of(1) });
    const rows = reference.rowsOf(gradient as Float32Array, 5);
    expect(rows[3]?.map(Math.abs)).toEqual([0, 0, 0, 0, 0]);
    reference.rowsOf(logits.data, 5).forEach((row, i) => {
      reference.softmax(row).forEach((p, c) => {
        const expected = (rowWeights[i] as number) * (p - (c === classes[i] ? 1 : 0));
        expect(rows[i]?.[c]).toBeCloseTo(expected, 6);
      });
    });
  });

  it('stays finite where the logits are far apart', () => {
    // The first row is certain and right, the others know nothing.
    const extreme = { shape: [4, 5], data: new Float32Array(20).fill(-1e9, 1, 20) };
    const first = indexVector([0, 0, 0, 0]);
    withTensors([extreme], (x: Tensor) =>
      expectTensorsClose(crossEntropy(x, first, weights), { shape: [], data: [0.375 * Math.log(5)] }),
    );
    tf.dispose(first);
  });
});
