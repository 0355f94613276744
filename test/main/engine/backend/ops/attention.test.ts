import { describe, expect, it } from 'vitest';
import { Random } from '../../../../../src/shared/random.ts';
import {
  attention,
  mergeHeads,
  scaleQueries,
  splitHeads,
  type AttentionShape,
} from '../../../../../src/main/engine/backend/ops/attention.ts';
import { tf, type Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import type { HostTensor } from '../../../../../src/main/engine/model/host-tensor.ts';
import { gradientCheck } from '../../../../helpers/gradient-check.ts';
import { expectTensorsClose, onDevice, randomTensor, valuesOf, withTensors } from '../../../../helpers/tensors.ts';
import * as reference from '../reference-ops.ts';

const random = Random.from(6, 'attention');

interface Inputs {
  readonly q: HostTensor;
  readonly k: HostTensor;
  readonly v: HostTensor;
}

function inputsOf({ batch, length, heads, kvHeads, headDim }: AttentionShape): Inputs {
  const tensor = (count: number): HostTensor => randomTensor(random, [batch * length, count * headDim]);
  return { q: tensor(heads), k: tensor(kvHeads), v: tensor(kvHeads) };
}

/** Every sequence of the batch on its own. */
function expectedOf({ q, k, v }: Inputs, shape: AttentionShape): number[] {
  const sequence = (x: HostTensor, b: number): reference.Matrix =>
    reference.rowsOf(x.data, x.shape[1] as number).slice(b * shape.length, (b + 1) * shape.length);
  return Array.from({ length: shape.batch }, (_, b) =>
    reference.attention(sequence(q, b), sequence(k, b), sequence(v, b), shape),
  ).flat(2);
}

// Queries are taken 160 at a time: these lengths make one chunk, exactly one, two of unequal and three of unequal size.
const CASES: (AttentionShape & { readonly name: string })[] = [
  { name: 'one token', batch: 2, length: 1, heads: 2, kvHeads: 2, headDim: 2, causal: true },
  { name: 'short, causal', batch: 2, length: 5, heads: 2, kvHeads: 2, headDim: 4, causal: true },
  { name: 'short, both ways', batch: 2, length: 5, heads: 2, kvHeads: 2, headDim: 4, causal: false },
  { name: 'grouped queries', batch: 2, length: 5, heads: 4, kvHeads: 2, headDim: 2, causal: true },
  { name: 'one key head for all', batch: 1, length: 6, heads: 3, kvHeads: 1, headDim: 2, causal: true },
  { name: 'grouped queries, both ways', batch: 2, length: 4, heads: 4, kvHeads: 2, headDim: 2, causal: false },
  { name: 'exactly one chunk', batch: 1, length: 160, heads: 1, kvHeads: 1, headDim: 2, causal: true },
  { name: 'two unequal chunks', batch: 1, length: 161, heads: 2, kvHeads: 1, headDim: 2, causal: true },
  { name: 'two chunks of a batch', batch: 2, length: 176, heads: 2, kvHeads: 2, headDim: 2, causal: true },
  { name: 'three unequal chunks', batch: 1, length: 322, heads: 2, kvHeads: 1, headDim: 2, causal: true },
  { name: 'long, both ways', batch: 1, length: 197, heads: 1, kvHeads: 1, headDim: 2, causal: false },
];

describe.each(CASES)('attention, $name', (shape) => {
  const inputs = inputsOf(shape);
  const all = [inputs.q, inputs.k, inputs.v];
  const op = (q: Tensor, k: Tensor, v: Tensor): Tensor => attention(q, k, v, shape);

  it('has the right values', () => {
    withTensors(all, (q: Tensor, k: Tensor, v: Tensor) =>
      expectTensorsClose(op(q, k, v), { shape: inputs.q.shape, data: expectedOf(inputs, shape) }, 2e-6),
    );
  });

  it('has the right gradients', () => {
    if (shape.length > 1) return gradientCheck(op, all, { tolerance: 3e-4 });
    // With one key the probability is 1 whatever query and key are: only values have a gradient.
    return gradientCheck(op, all, { trained: [false, false, true] });
  });
});

describe('what a token sees', () => {
  const shape = { batch: 1, length: 170, heads: 1, kvHeads: 1, headDim: 2, causal: true };
  const { q, k, v } = inputsOf(shape);

  /** Rows of the output that change when the key and value of one token do. */
  function rowsReached(token: number, causal: boolean): number[] {
    const moved = (x: HostTensor): HostTensor => {
      const data = x.data.slice();
      data[2 * token] = 5;
      return { ...x, data };
    };
    const run = (keys: HostTensor, values: HostTensor): number[] =>
      tf.tidy(() => {
        const tensors = [q, keys, values].map(onDevice) as [Tensor, Tensor, Tensor];
        const result = valuesOf(attention(...tensors, { ...shape, causal }));
        tf.dispose(tensors);
        return result;
      });
    const [before, after] = [reference.rowsOf(run(k, v), 2), reference.rowsOf(run(moved(k), moved(v)), 2)];
    return before.flatMap((row, t) => (row.every((value, c) => value === after[t]?.[c]) ? [] : [t]));
  }

  const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

  it.each([0, 40, 84, 85, 86, 169])('causal: token %i reaches itself and all after it, to the last bit', (token) => {
    expect(rowsReached(token, true)).toEqual(range(token, 170));
  });

  it('both ways: every token is reached', () => {
    expect(rowsReached(85, false)).toEqual(range(0, 170));
  });

  it('large scores do not overflow, hidden ones stay hidden', () => {
    const large = { shape: [3, 1], data: Float32Array.of(300, 300, 300) };
    const values = { shape: [3, 1], data: Float32Array.of(1, 2, 3) };
    withTensors([large, large, values], (a: Tensor, b: Tensor, c: Tensor) => {
      const one = { batch: 1, length: 3, heads: 1, kvHeads: 1, headDim: 1, causal: true };
      expectTensorsClose(attention(a, b, c, one), { shape: [3, 1], data: [1, 1.5, 2] });
    });
  });
});

describe('scaleQueries', () => {
  const x = randomTensor(random, [3, 4]);
  const op = (a: Tensor): Tensor => scaleQueries(a, 0.25);

  it('scales', () => {
    withTensors([x], (a: Tensor) => expectTensorsClose(op(a), { shape: [3, 4], data: x.data.map((y) => y / 4) }, 0));
  });

  it('has the right gradient', () => gradientCheck(op, [x]));
});

describe('heads', () => {
  it('split brings the rows of each head together; merge is its inverse', () => {
    // Two sequences of two tokens with two heads of width 1; the digits are sequence, token, head.
    const x = { shape: [4, 2], data: Float32Array.of(0, 1, 10, 11, 100, 101, 110, 111) };
    withTensors([x], (a: Tensor) => {
      const split = splitHeads(a, 2, 2, 2, 1);
      expectTensorsClose(split, { shape: [4, 2, 1], data: [0, 10, 1, 11, 100, 110, 101, 111] }, 0);
      expectTensorsClose(mergeHeads(split, 2, 2, 2, 1), x, 0);
    });
    expect.hasAssertions();
  });
});
