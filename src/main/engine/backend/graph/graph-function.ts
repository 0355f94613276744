/**
 * Recorded functions: the ops of a function of tensors become one TensorFlow function, which TensorFlow optimises as a
 * whole, runs in parallel where it can, and frees buffers of as it goes; one call from JavaScript instead of thousands.
 */
import type { ExecutionMode } from '../../../../shared/execution-mode.ts';
import { tf, type Tensor } from '../tensorflow.ts';
import { binding, callFunction, canRegisterFunctions, metadataOf } from './binding.ts';
import { encodeGraph } from './graph-def.ts';
import { Recorder } from './recorder.ts';

interface RegisteredFunction<T> {
  readonly name: string;
  readonly outputs: number;
  readonly description: T;
}

/** What a function to be recorded returns: tensors, and what is known of them without reading. */
export interface Described<T> {
  readonly tensors: readonly Tensor[];
  readonly description: T;
}

let registered = 0;

/** Functions recorded under signatures, the least recently used of them freed. Dispose it when done. */
export class GraphCache<T> {
  private readonly functions = new Map<string, RegisteredFunction<T>>();
  private readonly mode: ExecutionMode;
  private readonly limit: number;

  /** @param limit functions kept at most */
  constructor(mode: ExecutionMode = 'graph', limit = 64) {
    this.mode = mode;
    this.limit = limit;
  }

  /** Functions registered now. */
  get size(): number {
    return this.functions.size;
  }

  /**
   * Runs `fn` as a recorded function; eagerly where the addon cannot register functions.
   *
   * The first call under a signature records, and then runs the function too and returns its results: so a process
   * that resumes a run, and has to record again, computes the same bits as one that did not stop.
   *
   * @param signature says everything `fn` depends on besides the values of `inputs`
   * @param inputs every tensor from outside that `fn` uses, in an order the signature fixes
   * @returns tensors the caller disposes
   */
  run(signature: string, inputs: readonly Tensor[], fn: () => Described<T>): Described<T> {
    if (this.mode === 'eager' || !canRegisterFunctions()) return fn();
    const found = this.functions.get(signature) ?? this.record(inputs, fn);
    this.functions.delete(signature);
    this.functions.set(signature, found);
    this.evict();
    return { tensors: callFunction(found.name, inputs, found.outputs), description: found.description };
  }

  dispose(): void {
    for (const { name } of this.functions.values()) binding().removeFunction?.(name);
    this.functions.clear();
  }

  private record(inputs: readonly Tensor[], fn: () => Described<T>): RegisteredFunction<T> {
    const recorder = new Recorder(binding());
    for (const metadata of metadataOf(inputs)) recorder.addInput(metadata);
    const { tensors, description } = recorder.watch(fn);
    let graph;
    try {
      graph = recorder.finish(metadataOf(tensors).map(({ id }) => id));
    } finally {
      tf.dispose([...tensors]);
    }
    const name = `llavolta_${process.pid}_${registered++}`;
    binding().registerFunction?.(name, encodeGraph(graph.nodes), graph.inputs, graph.outputs);
    return { name, outputs: graph.outputs.length, description };
  }

  private evict(): void {
    for (const [signature, { name }] of this.functions) {
      if (this.functions.size <= this.limit) return;
      binding().removeFunction?.(name);
      this.functions.delete(signature);
    }
  }
}
