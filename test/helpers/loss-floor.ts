import type { HostTensor } from '../../src/main/engine/model/host-tensor.ts';

/** Descent steps and their size; the loss changes by less than 1e-6 in the last half of them. */
const [DESCENT_STEPS, STEP_SIZE] = [4000, 0.05];

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((total, value, i) => total + value * (b[i] as number), 0);

/** The nearest point of the ball. */
function inBall(point: readonly number[], radius: number): number[] {
  const length = Math.hypot(...point);
  return length <= radius ? [...point] : point.map((value) => (value * radius) / length);
}

/** Loss of a label at a state, and the loss's gradient there. */
function lossAt(rows: readonly number[][], label: number, state: readonly number[]): [number, number[]] {
  const logits = rows.map((row) => dot(row, state));
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - top));
  const total = powers.reduce((a, b) => a + b);
  const errors = powers.map((power, token) => power / total - (token === label ? 1 : 0));
  const gradient = state.map((_, d) => errors.reduce((sum, error, token) => sum + error * (rows[token]?.[d] ?? 0), 0));
  return [Math.log(total) + top - (logits[label] as number), gradient];
}

function lowestLoss(rows: readonly number[][], label: number, width: number): number {
  let state = Array.from({ length: width }, () => 0);
  for (let i = 0; i < DESCENT_STEPS; i++) {
    const [, gradient] = lossAt(rows, label, state);
    state = inBall(
      state.map((value, d) => value - STEP_SIZE * (gradient[d] as number)),
      Math.sqrt(width),
    );
  }
  return lossAt(rows, label, state)[0];
}

/**
 * The lowest mean loss of some labels that a model can reach while its last norm and its head stay as they are. RMSNorm
 * divides a state of width D by its root mean square, so what the norm's weights scale lies in a ball of radius √D whatever
 * the layers do. The loss is convex there: descent finds its minimum.
 *
 * @param head [V, D]
 * @param norm [D]
 */
export function lossFloor(head: HostTensor, norm: HostTensor, labels: readonly number[]): number {
  const [vocabulary = 0, width = 0] = head.shape;
  const rows = Array.from({ length: vocabulary }, (_, token) =>
    Array.from(norm.data, (scale, d) => scale * (head.data[token * width + d] as number)),
  );
  const lowest = new Map([...new Set(labels)].map((label) => [label, lowestLoss(rows, label, width)]));
  return labels.reduce((total, label) => total + (lowest.get(label) as number), 0) / labels.length;
}
