/** The ops once more, in double precision and plain loops over rows: what the engine's are compared with. */

export type Matrix = number[][];

/** Rows of a row-major array. */
export function rowsOf(data: ArrayLike<number>, width: number): Matrix {
  return Array.from({ length: data.length / width }, (_, r) =>
    Array.from({ length: width }, (_, c) => data[r * width + c] as number),
  );
}

export const flat = (matrix: Matrix): number[] => matrix.flat();

const at = (row: readonly number[], i: number): number => row[i] as number;
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, x, i) => s + x * at(b, i), 0);
const mean = (row: readonly number[]): number => row.reduce((s, x) => s + x, 0) / row.length;

export const linear = (x: Matrix, weight: Matrix, bias?: readonly number[]): Matrix =>
  x.map((row) => weight.map((w, o) => dot(row, w) + (bias ? at(bias, o) : 0)));

export const add = (a: Matrix, b: Matrix): Matrix => a.map((row, r) => row.map((x, c) => x + at(b[r] as number[], c)));

export const rmsNorm = (x: Matrix, weight: readonly number[], epsilon: number): Matrix =>
  x.map((row) => row.map((v, c) => (at(weight, c) * v) / Math.sqrt(dot(row, row) / row.length + epsilon)));

export const layerNorm = (x: Matrix, weight: readonly number[], bias: readonly number[], epsilon: number): Matrix =>
  x.map((row) => {
    const centre = mean(row);
    const variance = mean(row.map((v) => (v - centre) ** 2));
    return row.map((v, c) => (at(weight, c) * (v - centre)) / Math.sqrt(variance + epsilon) + at(bias, c));
  });

/** The error function by its Maclaurin series; good to 1e-12 for |x| < 4. */
export function erf(x: number): number {
  let [term, total] = [x, x];
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const silu = (x: number): number => x * sigmoid(x);

export const activations = {
  quick_gelu: (x: number) => x * sigmoid(1.702 * x),
  gelu: (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  gelu_pytorch_tanh: (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

export const swiglu = (gate: Matrix, up: Matrix): Matrix =>
  gate.map((row, r) => row.map((g, c) => silu(g) * at(up[r] as number[], c)));

/** Rotates the pairs (i, i + d/2) of every head by position · theta^(−2i/d). */
export function rope(x: Matrix, positions: readonly number[], headDim: number, theta: number): Matrix {
  const half = headDim / 2;
  return x.map((row, r) =>
    row.map((value, c) => {
      const [head, i] = [Math.floor(c / headDim) * headDim, (c % headDim) % half];
      const angle = at(positions, r) * theta ** ((-2 * i) / headDim);
      const second = c % headDim >= half;
      const other = second ? at(row, head + i) : -at(row, head + i + half);
      return value * Math.cos(angle) + other * Math.sin(angle);
    }),
  );
}

export function softmax(row: readonly number[]): number[] {
  const highest = Math.max(...row);
  const powers = row.map((x) => Math.exp(x - highest));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / total);
}

export interface AttentionSizes {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly causal: boolean;
}

/** Attention of one sequence; queries carry the 1/√d. Query head h reads key head ⌊h · kvHeads / heads⌋. */
export function attention(q: Matrix, k: Matrix, v: Matrix, sizes: AttentionSizes): Matrix {
  const { heads, kvHeads, headDim, causal } = sizes;
  const part = (row: number[], head: number): number[] => row.slice(head * headDim, (head + 1) * headDim);
  return q.map((query, t) =>
    Array.from({ length: heads }, (_, h) => {
      const group = Math.floor((h * kvHeads) / heads);
      const seen = causal ? t + 1 : k.length;
      const scores = k.slice(0, seen).map((key) => dot(part(query, h), part(key, group)));
      const p = softmax(scores);
      return Array.from({ length: headDim }, (_, c) =>
        p.reduce((s, weight, j) => s + weight * at(v[j] as number[], group * headDim + c), 0),
      );
    }).flat(),
  );
}

/** −log softmax(logits)[target] of each row. */
export const crossEntropies = (logits: Matrix, targets: readonly number[]): number[] =>
  logits.map((row, i) => -Math.log(at(softmax(row), at(targets, i))));
