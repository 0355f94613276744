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

/** How a cache of functions works. */
export interface GraphCacheOptions {
  /** Functions kept at most. */
  readonly limit?: number;
  /**
   * First calls under a signature that run eagerly. Recording takes as long as several calls, so it does not pay for work
   * whose shapes may not come again. 0, the default, where every call must give the bits of every other one.
   */
  readonly eagerCalls?: number;
}

/** How often functions were recorded so far, and how often one was freed to make room for another. */
export interface GraphCounts {
  readonly recorded: number;
  readonly evicted: number;
}

const DEFAULT_LIMIT = 64;
/** Signatures whose calls are counted before they are recorded; then counting begins anew. */
const COUNTED_SIGNATURES = 4096;

let registered = 0;

/** Functions recorded under signatures, the least recently used of them freed. Dispose it when done. */
export class GraphCache<T> {
  private readonly functions = new Map<string, RegisteredFunction<T>>();
  private readonly eagerly = new Map<string, number>();
  private readonly mode: ExecutionMode;
  private readonly limit: number;
  private readonly eagerCalls: number;
  private recorded = 0;
  private evicted = 0;

  constructor(mode: ExecutionMode = 'graph', { limit = DEFAULT_LIMIT, eagerCalls = 0 }: GraphCacheOptions = {}) {
    this.mode = mode;
    this.limit = limit;
    this.eagerCalls = eagerCalls;
  }

  /** Functions registered now. */
  get size(): number {
    return this.functions.size;
  }

  /** Where both go on rising, there are more shapes than room, and the time goes into recording. */
  get counts(): GraphCounts {
    return { recorded: this.recorded, evicted: this.evicted };
  }

  /**
   * Runs `fn` as a recorded function; eagerly where the addon cannot register functions.
   *
   * The call that records then runs the function too and returns its results: so a process that resumes a run, and has
   * to record again, computes the same bits as one that did not stop.
   *
   * @param signature says everything `fn` depends on besides the values of `inputs`
   * @param inputs every tensor from outside that `fn` uses, in an order the signature fixes
   * @returns tensors the caller disposes
   * @throws RecordingError where `fn` does what its later calls could not do again
   */
  run(signature: string, inputs: readonly Tensor[], fn: () => Described<T>): Described<T> {
    if (this.mode === 'eager' || !canRegisterFunctions()) return fn();
    let found = this.functions.get(signature);
    if (!found && this.isTooNew(signature)) return fn();
    found ??= this.record(inputs, fn);
    this.functions.delete(signature);
    this.functions.set(signature, found);
    this.evict();
    return { tensors: callFunction(found.name, inputs, found.outputs), description: found.description };
  }

  dispose(): void {
    for (const { name } of this.functions.values()) binding().removeFunction?.(name);
    this.functions.clear();
  }

  private isTooNew(signature: string): boolean {
    const calls = this.eagerly.get(signature) ?? 0;
    if (calls >= this.eagerCalls) return false;
    if (this.eagerly.size >= COUNTED_SIGNATURES) this.eagerly.clear();
    this.eagerly.set(signature, calls + 1);
    return true;
  }

  private record(inputs: readonly Tensor[], fn: () => Described<T>): RegisteredFunction<T> {
    const recorder = new Recorder(binding());
    for (const metadata of metadataOf(inputs)) recorder.addInput(metadata);
    const { tensors, description } = recorder.watch(fn);
    let graph;
    try {
      graph = recorder.finish(metadataOf(tensors));
    } finally {
      tf.dispose([...tensors]);
    }
    const name = `llavolta_${process.pid}_${registered++}`;
    binding().registerFunction?.(name, encodeGraph(graph.nodes), graph.inputs, graph.outputs);
    this.recorded++;
    return { name, outputs: graph.outputs.length, description };
  }

  private evict(): void {
    for (const [signature, { name }] of this.functions) {
      if (this.functions.size <= this.limit) return;
      binding().removeFunction?.(name);
      this.functions.delete(signature);
      this.evicted++;
    }
  }
}
