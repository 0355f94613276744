/**
 * The TensorFlow kernels the engine is made of, as plain functions of tensors.
 * They keep no tape: gradients are the business of `ops/`, which are written in these words.
 */
import { tf, type Tensor } from './tensorflow.ts';
import { constant } from './constants.ts';
import { kernel, runKernel } from './kernel.ts';
import { product, withPrecision } from './precision.ts';

const FLOAT = { T: { type: 'float32' } } as const;

/** An int32 vector (axes, permutations, shapes) as a constant. */
export const intVector = (values: readonly number[]): Tensor =>
  constant(`int32[${values.join()}]`, () => tf.tensor1d(values as number[], 'int32'));

/** A float32 scalar as a constant; for values of the code, not of the run. */
export const floatScalar = (value: number): Tensor => constant(`float32 ${value}`, () => tf.scalar(value, 'float32'));

export interface MatMulFlags {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** [m, k] · [k, n] → [m, n], in the active precision. */
export const matMul = (a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: MatMulFlags = {}): Tensor =>
  product('MatMul', a, b, { transpose_a: { bool: transposeA }, transpose_b: { bool: transposeB } });

/** As `matMul`, in float32 whatever the precision: for factors that move values rather than weigh them. */
export const exactMatMul = (a: Tensor, b: Tensor, flags: MatMulFlags = {}): Tensor =>
  withPrecision('float32', () => matMul(a, b, flags));

/** [n, m, k] · [n, k, p] → [n, m, p], in the active precision. */
export const batchMatMul = (
  a: Tensor,
  b: Tensor,
  { transposeA = false, transposeB = false }: MatMulFlags = {},
): Tensor => product('BatchMatMulV2', a, b, { adj_x: { bool: transposeA }, adj_y: { bool: transposeB } });

export const add = (a: Tensor, b: Tensor): Tensor => kernel('AddV2', [a, b], { T: { type: a.dtype } });
export const div = (a: Tensor, b: Tensor): Tensor => kernel('RealDiv', [a, b], { T: { type: a.dtype } });
export const sub = (a: Tensor, b: Tensor): Tensor => kernel('Sub', [a, b], { T: { type: a.dtype } });
export const mul = (a: Tensor, b: Tensor): Tensor => kernel('Mul', [a, b], { T: { type: a.dtype } });
export const maximum = (a: Tensor, b: Tensor): Tensor => kernel('Maximum', [a, b], { T: { type: a.dtype } });
export const minimum = (a: Tensor, b: Tensor): Tensor => kernel('Minimum', [a, b], { T: { type: a.dtype } });
/** Quotient rounded down. */
export const floorDiv = (a: Tensor, b: Tensor): Tensor => kernel('FloorDiv', [a, b], { T: { type: a.dtype } });
export const negative = (x: Tensor): Tensor => kernel('Neg', [x], { T: { type: x.dtype } });
export const scale = (x: Tensor, factor: number): Tensor => mul(x, floatScalar(factor));
export const addScalar = (x: Tensor, value: number): Tensor => add(x, floatScalar(value));
export const addN = (xs: Tensor[]): Tensor =>
  xs.length === 1 ? (xs[0] as Tensor) : kernel('AddN', xs, { ...FLOAT, N: { int: xs.length } });

export const square = (x: Tensor): Tensor => kernel('Square', [x], FLOAT);
export const sqrt = (x: Tensor): Tensor => kernel('Sqrt', [x], FLOAT);
export const rsqrt = (x: Tensor): Tensor => kernel('Rsqrt', [x], FLOAT);
export const sigmoid = (x: Tensor): Tensor => kernel('Sigmoid', [x], FLOAT);
export const tanh = (x: Tensor): Tensor => kernel('Tanh', [x], FLOAT);
export const erf = (x: Tensor): Tensor => kernel('Erf', [x], FLOAT);
export const exp = (x: Tensor): Tensor => kernel('Exp', [x], FLOAT);
export const log = (x: Tensor): Tensor => kernel('Log', [x], FLOAT);
export const cos = (x: Tensor): Tensor => kernel('Cos', [x], FLOAT);
export const sin = (x: Tensor): Tensor => kernel('Sin', [x], FLOAT);
/** Softmax over the last axis. */
export const softmax = (x: Tensor): Tensor => kernel('Softmax', [x], FLOAT);
/** Half the sum of all squares, a scalar. */
export const l2Loss = (x: Tensor): Tensor => kernel('L2Loss', [x], FLOAT);

export const reshape = (x: Tensor, shape: readonly number[]): Tensor =>
  kernel('Reshape', [x, intVector(shape)], { T: { type: x.dtype }, Tshape: { type: 'int32' } });

export const transpose = (x: Tensor, permutation: readonly number[]): Tensor => {
  const moved = permutation.filter((axis) => x.shape[axis] !== 1);
  // Where only axes of size 1 move, as with a single new token, the values stay where they are.
  if (moved.every((axis, i) => i === 0 || axis > (moved[i - 1] as number))) {
    const shape = permutation.map((axis) => x.shape[axis] as number);
    return reshape(x, shape);
  }
  return kernel('Transpose', [x, intVector(permutation)], { T: { type: x.dtype }, Tperm: { type: 'int32' } });
};

export const slice = (x: Tensor, begin: readonly number[], size: readonly number[]): Tensor =>
  kernel('Slice', [x, intVector(begin), intVector(size)], { T: { type: x.dtype }, Index: { type: 'int32' } });

export const concat = (xs: Tensor[], axis: number): Tensor =>
  kernel('ConcatV2', [...xs, axisScalar(axis)], {
    T: { type: (xs[0] as Tensor).dtype },
    Tidx: { type: 'int32' },
    N: { int: xs.length },
  });

/** Appends zeros: `after[i]` of them at the end of axis i. */
export const padEnd = (x: Tensor, after: readonly number[]): Tensor => {
  const flat = intVector(after.flatMap((n) => [0, n]));
  const paddings = reshape(flat, [after.length, 2]);
  return kernel('Pad', [x, paddings], { T: { type: x.dtype }, Tpaddings: { type: 'int32' } });
};

/** Rows of `x` by int32 index: out[i] = x[index[i]]. */
export const gather = (x: Tensor, index: Tensor): Tensor =>
  kernel('GatherV2', [x, index, axisScalar(0)], {
    Tparams: { type: x.dtype },
    Tindices: { type: 'int32' },
    Taxis: { type: 'int32' },
    batch_dims: { int: 0 },
  });

/** out[s] = sum of the rows of `x` whose segment is s; rows with a negative segment are left out. */
export const segmentSum = (x: Tensor, segments: Tensor, count: number): Tensor =>
  kernel('UnsortedSegmentSum', [x, segments, axisScalar(count)], {
    T: { type: x.dtype },
    Tindices: { type: 'int32' },
    Tnumsegments: { type: 'int32' },
  });

/** Sums of the values before each one along an axis, itself left out. */
export const sumBefore = (x: Tensor, axis: number): Tensor =>
  kernel('Cumsum', [x, axisScalar(axis)], {
    T: { type: x.dtype },
    Tidx: { type: 'int32' },
    exclusive: { bool: true },
    reverse: { bool: false },
  });

/** Sum over one axis. */
export const sum = (x: Tensor, axis: number, keepDims = false): Tensor =>
  kernel('Sum', [x, intVector([axis])], { ...FLOAT, Tidx: { type: 'int32' }, keep_dims: { bool: keepDims } });

/** Largest value over one axis. */
export const max = (x: Tensor, axis: number, keepDims = false): Tensor =>
  kernel('Max', [x, intVector([axis])], { ...FLOAT, Tidx: { type: 'int32' }, keep_dims: { bool: keepDims } });

/** Mean over one axis. */
export const mean = (x: Tensor, axis: number, keepDims = false): Tensor =>
  kernel('Mean', [x, intVector([axis])], { ...FLOAT, Tidx: { type: 'int32' }, keep_dims: { bool: keepDims } });

/** The k largest values of each row [M, N] and their places (int32), falling, of equal ones the first: both [M, k]. */
export function topK(x: Tensor, k: number): { values: Tensor; indices: Tensor } {
  const attributes = { T: { type: x.dtype }, sorted: { bool: true } };
  const [values, indices] = runKernel('TopKV2', [x, axisScalar(k)], attributes, 2) as [Tensor, Tensor];
  return { values, indices };
}

/** The int32 vector 0, 1 … n − 1 as a constant. */
export const rangeVector = (n: number): Tensor => constant(`range ${n}`, () => tf.range(0, n, 1, 'int32'));

/** 1 where a ≥ b, else 0. */
export const isAtLeast = (a: Tensor, b: Tensor): Tensor =>
  toFloat(kernel('GreaterEqual', [a, b], { T: { type: a.dtype } }));

/** Cross entropy of each row of logits [M, V] with its class [M]; returns [loss [M], d loss / d logits [M, V]]. */
export const sparseCrossEntropy = (logits: Tensor, classes: Tensor): [Tensor, Tensor] =>
  runKernel('SparseSoftmaxCrossEntropyWithLogits', [logits, classes], { ...FLOAT, Tlabels: { type: 'int32' } }, 2) as [
    Tensor,
    Tensor,
  ];

/** Index of the largest value of each row [M, V] → [M], int32. */
export const argMax = (x: Tensor): Tensor => tf.tidy<Tensor>(() => tf.argMax(x, -1));

/** Weighted share of rows [M, V] whose largest value is at `classes` [M]; a float32 scalar. */
export const weightedAccuracy = (logits: Tensor, classes: Tensor, weights: Tensor): Tensor =>
  tf.tidy(() => sum(mul(tf.cast(tf.equal(argMax(logits), classes), 'float32'), weights), 0));

export const toFloat = (x: Tensor): Tensor =>
  kernel('Cast', [x], { SrcT: { type: x.dtype }, DstT: { type: 'float32' }, Truncate: { bool: false } });

/** An int32 scalar as a constant: some kernels want a scalar where others want a vector of one. */
function axisScalar(value: number): Tensor {
  return constant(`int32 ${value}`, () => tf.scalar(value, 'int32'));
}
