/**
 * Reverse-mode differentiation over ops with hand-derived gradients.
 *
 * tfjs has a tape too; this one exists for what that cannot do: it frees each activation as soon as the backward pass
 * has used it (half the peak memory), computes no gradient that nobody asked for (frozen weights), and costs one
 * closure per op.
 *
 * Ownership: a tensor that an op saves is kept alive by the tape until its backward has run or the tape is disposed.
 * A tensor that was `tf.keep`-ed by someone else (weights, the batch) stays theirs.
 */
import { tf, type Tensor } from './tensorflow.ts';
import { after } from './graph/ordering.ts';
import { add } from './kernels.ts';

/** Gradients of an op's inputs, in order, given the gradient of its output. `needs[i]` is false: input i wants none. */
export type Backward = (dy: Tensor, saved: Tensor[], needs: readonly boolean[]) => (Tensor | null)[];

interface TapeNode {
  readonly output: Tensor;
  readonly inputs: readonly Tensor[];
  readonly saved: Tensor[];
  readonly backward: Backward;
}

let active: Tape | null = null;

function withTape<T>(tape: Tape | null, compute: () => T): T {
  const before = active;
  active = tape;
  try {
    return compute();
  } finally {
    active = before;
  }
}

/** Runs `compute` off the tape: nothing in it gets a gradient. */
export function detached<T>(compute: () => T): T {
  return withTape(null, compute);
}

/** The record of one forward pass. */
export class Tape {
  private readonly nodes: TapeNode[] = [];
  private readonly tracked = new Set<number>();
  private readonly uses = new Map<number, number>();

  /** Marks tensors (weights) whose gradients will be wanted. */
  watch(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) this.tracked.add(tensor.id);
  }

  /** Runs `forward` while this tape records. */
  run<T>(forward: () => T): T {
    return withTape(this, forward);
  }

  isTracked(tensor: Tensor): boolean {
    return this.tracked.has(tensor.id);
  }

  record(node: TapeNode): void {
    this.nodes.push(node);
    this.tracked.add(node.output.id);
    for (const tensor of node.saved) this.retain(tensor);
  }

  /**
   * Gradients of a scalar with respect to watched tensors. Uses the tape up: what it saved is freed on the way.
   * The caller disposes the result. A watched tensor the scalar does not depend on is missing from it.
   */
  gradients(scalar: Tensor, targets: readonly Tensor[]): Map<Tensor, Tensor> {
    return this.gradientsFrom(scalar, tf.onesLike(scalar), targets);
  }

  /** As `gradients`, of any tensor whose own gradient is given, which is taken over. */
  gradientsFrom(output: Tensor, dy: Tensor, targets: readonly Tensor[]): Map<Tensor, Tensor> {
    const gradients = new Map<number, Tensor>([[output.id, dy]]);
    for (let node = this.nodes.pop(); node; node = this.nodes.pop()) {
      this.backpropagate(node, gradients);
      for (const tensor of node.saved) this.release(tensor);
    }
    const found = new Map<Tensor, Tensor>();
    for (const target of targets) {
      const gradient = gradients.get(target.id);
      if (gradient) found.set(target, gradient);
    }
    return found;
  }

  /** Frees what an unfinished tape holds (after an error in the forward pass). */
  dispose(): void {
    for (const node of this.nodes) for (const tensor of node.saved) this.release(tensor);
    this.nodes.length = 0;
  }

  private backpropagate(node: TapeNode, gradients: Map<number, Tensor>): void {
    const dy = gradients.get(node.output.id);
    if (!dy) return;
    gradients.delete(node.output.id);
    const needs = node.inputs.map((input) => this.isTracked(input));
    const results = tidyAll(() => {
      const gradients = node.backward(dy, node.saved, needs);
      return gradients.map((dx) => (dx === dy ? dy.clone() : dx));
    });
    node.inputs.forEach((input, i) => {
      const dx = results[i];
      if (dx && needs[i]) accumulate(gradients, input, dx);
    });
    dy.dispose();
  }

  private retain(tensor: Tensor): void {
    const uses = this.uses.get(tensor.id);
    if (uses !== undefined) this.uses.set(tensor.id, uses + 1);
    else if (!tensor.kept) {
      tf.keep(tensor);
      this.uses.set(tensor.id, 1);
    }
  }

  private release(tensor: Tensor): void {
    const uses = this.uses.get(tensor.id);
    if (uses === undefined) return;
    this.uses.set(tensor.id, uses - 1);
    if (uses > 1) return;
    this.uses.delete(tensor.id);
    tensor.dispose();
  }
}

/** `tf.tidy` for lists with gaps, which tfjs handles but does not declare. */
function tidyAll(compute: () => (Tensor | null)[]): (Tensor | null)[] {
  return tf.tidy(compute as () => Tensor[]);
}

function accumulate(gradients: Map<number, Tensor>, input: Tensor, dx: Tensor): void {
  const before = gradients.get(input.id);
  gradients.set(input.id, before ? add(before, dx) : dx);
  if (!before) return;
  before.dispose();
  dx.dispose();
}

/**
 * Runs an op and, if a tape is active and an input is tracked, records it.
 *
 * @param inputs what gradients may be wanted of
 * @param forward returns the output, followed by what `backward` needs. Constants that outlive the step
 *   (indices, weights) are captured by the closures instead. It runs in a `tf.tidy` of its own.
 */
export function differentiable(
  inputs: readonly Tensor[],
  forward: () => [output: Tensor, ...saved: Tensor[]],
  backward: Backward,
): Tensor {
  const tape = active;
  if (!tape || !inputs.some((input) => tape.isTracked(input))) return tf.tidy(() => forward()[0]);
  const [output, ...saved] = tf.tidy<[Tensor, ...Tensor[]]>(forward);
  tape.record({ output, inputs, saved, backward });
  return output;
}

/**
 * Gradient checkpointing (Chen et al. 2016): y = f(x), of which only x is kept. The backward pass runs f again, on a tape
 * of its own, and goes back through that.
 *
 * @param parameters other tensors whose gradients may be wanted; kept by somebody else (weights)
 * @param captured further tensors that f uses: they are kept as long as they are needed
 */
export function checkpoint(
  x: Tensor,
  parameters: readonly Tensor[],
  captured: readonly Tensor[],
  f: (x: Tensor) => Tensor,
): Tensor {
  return differentiable(
    [x, ...parameters],
    () => [withTape(null, () => f(x)), x, ...captured],
    (dy, [kept], needs) => {
      // Without this order, TensorFlow could run f a second time at once, or see that it is the first time over again.
      const again = after(kept as Tensor, dy);
      const inputs = [again, ...parameters];
      const targets = inputs.filter((_, i) => needs[i]);
      const tape = new Tape();
      tape.watch(targets);
      try {
        const y = tape.run(() => f(again));
        const found = tape.gradientsFrom(y, dy.clone(), targets);
        return inputs.map((input) => found.get(input) ?? null);
      } finally {
        tape.dispose();
      }
    },
  );
}
