/** Every op of the model with its gradients, recorded against op by op. */
import { describe, expect, it } from 'vitest';
import { Tape } from '../../../../../src/main/engine/backend/autograd.ts';
import { GraphCache } from '../../../../../src/main/engine/backend/graph/graph-function.ts';
import { activate, swiglu } from '../../../../../src/main/engine/backend/ops/activations.ts';
import { attention, scaleQueries, type AttentionShape } from '../../../../../src/main/engine/backend/ops/attention.ts';
import { add, linear } from '../../../../../src/main/engine/backend/ops/linear.ts';
import { crossEntropy } from '../../../../../src/main/engine/backend/ops/loss.ts';
import { layerNorm, rmsNorm } from '../../../../../src/main/engine/backend/ops/norm.ts';
import { reshapeOp } from '../../../../../src/main/engine/backend/ops/reshape.ts';
import { rope, ropeTable } from '../../../../../src/main/engine/backend/ops/rope.ts';
import { concatRows, gatherRows, segmentMean } from '../../../../../src/main/engine/backend/ops/rows.ts';
import { tf, type Tensor } from '../../../../../src/main/engine/backend/tensorflow.ts';
import { Random } from '../../../../../src/shared/random.ts';
import type { Op } from '../../../../helpers/gradient-check.ts';
import { expectNoLeakedTensors, indexVector, onDevice, randomTensor } from '../../../../helpers/tensors.ts';

const LONG: AttentionShape = { batch: 1, length: 200, heads: 4, kvHeads: 2, headDim: 8, causal: true };
const PICTURE: AttentionShape = { batch: 2, length: 9, heads: 2, kvHeads: 2, headDim: 4, causal: false };

interface Case {
  readonly name: string;
  readonly op: Op;
  /** Shapes of the float inputs, which all get gradients. */
  readonly shapes: readonly (readonly number[])[];
  /** int32 or float inputs that get none. */
  readonly fixed?: () => Tensor[];
}

const attentionCase = (name: string, shape: AttentionShape): Case => {
  const rows = shape.batch * shape.length;
  const [q, kv] = [shape.heads * shape.headDim, shape.kvHeads * shape.headDim];
  return {
    name,
    shapes: [
      [rows, q],
      [rows, kv],
      [rows, kv],
    ],
    op: (a, b, c) => attention(a, b, c, shape),
  };
};

const segments = (): Tensor[] => [
  indexVector([0, 0, 1, -1, 2, 2, 2]),
  indexVector([0, 0, 1, 0, 2, 2, 2]),
  onDevice({ shape: [7, 1], data: Float32Array.of(1, 1, 1, 0, 1, 1, 1) }),
  onDevice({ shape: [3, 1], data: Float32Array.of(1 / 2, 1, 1 / 3) }),
];

const CASES: readonly Case[] = [
  { name: 'linear', shapes: [[7, 5], [6, 5], [6]], op: (x, w, b) => linear(x, w, b) },
  {
    name: 'add',
    shapes: [
      [3, 4],
      [3, 4],
    ],
    op: (a, b) => add(a, b),
  },
  { name: 'quick_gelu', shapes: [[5, 8]], op: (x) => activate(x, 'quick_gelu') },
  { name: 'gelu', shapes: [[5, 8]], op: (x) => activate(x, 'gelu') },
  { name: 'gelu_pytorch_tanh', shapes: [[5, 8]], op: (x) => activate(x, 'gelu_pytorch_tanh') },
  {
    name: 'swiglu',
    shapes: [
      [5, 8],
      [5, 8],
    ],
    op: (gate, up) => swiglu(gate, up),
  },
  { name: 'rmsNorm', shapes: [[5, 16], [16]], op: (x, w) => rmsNorm(x, w, 1e-5) },
  { name: 'layerNorm', shapes: [[5, 16], [16], [16]], op: (x, w, b) => layerNorm(x, w, b, 1e-5) },
  { name: 'reshape', shapes: [[6, 4]], op: (x) => reshapeOp(x, [3, -1]) },
  {
    name: 'rope',
    shapes: [[5, 16]],
    fixed: () => [indexVector([0, 1, 2, 7, 9])],
    op: (x, positions) => rope(x, ropeTable(positions, 2, tf.tensor2d([[1, 0.5, 0.1, 0.01]]), 0.5)),
  },
  { name: 'scaleQueries', shapes: [[5, 8]], op: (x) => scaleQueries(x, 0.3) },
  attentionCase('causal attention in chunks, grouped queries', LONG),
  attentionCase('full attention', PICTURE),
  {
    name: 'gatherRows',
    shapes: [[4, 3]],
    fixed: () => [indexVector([3, 0, 0, 2])],
    op: (x, index) => gatherRows(x, index),
  },
  {
    name: 'concatRows',
    shapes: [
      [2, 3],
      [4, 3],
    ],
    op: (a, b) => concatRows(a, b),
  },
  {
    name: 'segmentMean',
    shapes: [[7, 3]],
    fixed: segments,
    op: (x, ids, source, kept, weight) => segmentMean(x, { segments: ids, source: source, kept: kept, weight: weight }),
  },
  {
    name: 'crossEntropy',
    shapes: [[3, 7]],
    fixed: () => [indexVector([1, 6, 0]), onDevice({ shape: [3], data: Float32Array.of(0.5, 0.25, 0) })],
    op: (logits, targets, weights) => crossEntropy(logits, targets, weights),
  },
];

/** The op's output and its gradients, given the output's own as Σ y. */
function outputAndGradients(op: Op, floats: readonly Tensor[], fixed: readonly Tensor[]): Tensor[] {
  return tf.tidy(() => {
    const tape = new Tape();
    tape.watch(floats);
    const y = tape.run(() => op(...floats, ...fixed));
    const copy = y.clone();
    // cos of the output: a gradient that is not the same everywhere.
    const found = tape.gradientsFrom(y, tf.cos(y), floats);
    return [copy, ...floats.map((input) => found.get(input) as Tensor)];
  });
}

function run({ op, shapes, fixed }: Case, cache: GraphCache<null>): Float32Array[] {
  const random = Random.from(3, 'ops');
  const floats = shapes.map((shape) => onDevice(randomTensor(random, shape)));
  const others = fixed?.() ?? [];
  const { tensors } = cache.run('op', [...floats, ...others], () => ({
    tensors: outputAndGradients(op, floats, others),
    description: null,
  }));
  const values = tensors.map((tensor) => (tensor.dataSync() as Float32Array).slice());
  tf.dispose([...floats, ...others, ...tensors]);
  return values;
}

const largest = (values: Float32Array): number => values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);

describe('recorded, an op computes what it computes alone', () => {
  it.each(CASES.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    const graph = new GraphCache<null>('graph');
    const eager = run(one, new GraphCache<null>('eager'));
    // Twice: recorded, and called.
    for (const recorded of [run(one, graph), run(one, graph)]) {
      expect(recorded).toHaveLength(1 + one.shapes.length);
      recorded.forEach((values, i) => {
        const expected = eager[i]!;
        const difference = largest(values.map((value, k) => value - expected[k]!));
        expect(difference, `tensor ${i}`).toBeLessThanOrEqual(1e-6 * largest(expected));
      });
    }
    await expectNoLeakedTensors(() => run(one, graph));
    graph.dispose();
  });
});
