/**
 * Watches the ops that a function runs and writes them down as a graph.
 *
 * While it records it stands in place of tfjs-node's binding: every op still runs, and is noted with its attributes,
 * inputs and outputs under the binding's tensor ids. Tensors made from values on the way become constants of the graph.
 * What a later call could not do again is an error that names the op and the line of JavaScript that asked for it.
 */
import { allConstants } from '../constants.ts';
import { typeAndShape, withBinding, metadataOf } from './binding.ts';
import type { Binding, BindingAttribute, DataListener, TensorMetadata } from './binding.ts';
import { constantNode, inputNode, tensorShape, type AttrValue, type NodeDef } from './graph-def.ts';
import { callerPlace } from './place.ts';
import { Reshapes } from './reshapes.ts';

/** A graph with its inputs and outputs as `node:output`. */
export interface RecordedGraph {
  readonly nodes: readonly NodeDef[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** float32 in TensorFlow's DataType enum. */
const FLOAT = 1;

/** A function that cannot be recorded: it would do something that its later calls would not see. */
class RecordingError extends Error {
  override readonly name = 'RecordingError';

  constructor(what: string) {
    super(`${what} (at ${callerPlace()})`);
  }
}

export class Recorder {
  private readonly binding: Binding;
  private readonly nodes: NodeDef[] = [];
  private readonly inputs: string[] = [];
  /** Where each tensor id comes from, as `node:output`. */
  private readonly sources = new Map<number, string>();
  /** Tensors of unknown origin that an op was given. */
  private readonly strangers = new Map<number, TensorMetadata>();
  private readonly reshapes = new Reshapes();
  /** Tensors that were made from values while recording. */
  private readonly written = new WeakSet<object>();

  constructor(binding: Binding) {
    this.binding = binding;
  }

  /** Declares a tensor that is given at every call. */
  addInput({ id, dtype, shape }: TensorMetadata): void {
    const name = `input${this.inputs.length}`;
    this.nodes.push(inputNode(name, dtype, shape));
    this.inputs.push(`${name}:0`);
    this.setSource({ id, shape }, `${name}:0`);
  }

  /** Runs `fn`, noting every op it runs. @throws RecordingError where a later call could not do the same */
  watch<T>(fn: () => T): T {
    return withBinding(
      {
        executeOp: (op, attributes, inputs, count) => this.executeOp(op, attributes, inputs, count),
        createTensor: (shape, dtype, values) => this.createTensor(shape, dtype, values),
        identityAfter: (id, awaited) => this.identityAfter(id, awaited),
      },
      this.dataListener(),
      fn,
    );
  }

  /** The graph, with the given tensors as its outputs. */
  finish(outputs: readonly TensorMetadata[]): RecordedGraph {
    for (const tensor of outputs) this.strangers.set(tensor.id, tensor);
    const names = outputs.map(({ id }, i) => this.sourceOf(id, `output ${i} of the function`));
    return { nodes: this.nodes, inputs: this.inputs, outputs: names };
  }

  private dataListener(): DataListener {
    return {
      onWrite: (dataId) => this.written.add(dataId),
      onRead: (dataId, info) => {
        // What was made from values on the way is a constant: reading it tells nothing of the inputs.
        if (this.written.has(dataId)) return;
        const source = this.sources.get(info.id)?.replace(/(_\d+)?:\d+$/, '') ?? 'a tensor from outside';
        const what = `the result of ${source}, ${typeAndShape(info)}`;
        throw new RecordingError(
          `a recorded function must not read tensor data, its later calls would not see it: ${what}`,
        );
      },
      onUse: (dataId, info, isPending) => {
        // Values that lay on the host from before would become a constant, though they are not one.
        if (isPending && !this.isConstant(dataId)) this.sources.delete(info.id);
        if (!this.sources.has(info.id)) this.strangers.set(info.id, info);
      },
    };
  }

  private isConstant(dataId: object): boolean {
    return this.written.has(dataId) || allConstants().some((constant) => constant.dataId === dataId);
  }

  private executeOp(op: string, attributes: BindingAttribute[], inputs: number[], count: number): TensorMetadata[] {
    const input = inputs.map((id, i) => this.sourceOf(id, `input ${i} of ${op}`));
    const attr = Object.fromEntries(attributes.map((given) => [given.name, this.attrValue(op, given)]));
    const results = this.binding.executeOp(op, attributes, inputs, count);
    if (op === 'Reshape') this.addReshape(input, attr, results[0] as TensorMetadata);
    else this.addNode({ name: `${op}_${this.nodes.length}`, op, input, attr }, results);
    return results;
  }

  private addNode(node: NodeDef, results: readonly TensorMetadata[]): void {
    this.nodes.push(node);
    results.forEach((result, output) => this.setSource(result, `${node.name}:${output}`));
  }

  /** A reshape of a reshape starts from what that one started from; back to the first shape it is no node at all. */
  private addReshape([given, ...to]: readonly string[], attr: NodeDef['attr'], result: TensorMetadata): void {
    const origin = this.reshapes.origin(given as string);
    if (this.reshapes.isOfShape(origin, result.shape)) {
      this.sources.set(result.id, origin);
      return;
    }
    const name = `Reshape_${this.nodes.length}`;
    this.addNode({ name, op: 'Reshape', input: [origin, ...to], attr }, [result]);
    this.reshapes.noteReshape(`${name}:0`, origin);
  }

  private setSource({ id, shape }: Pick<TensorMetadata, 'id' | 'shape'>, source: string): void {
    this.sources.set(id, source);
    this.reshapes.note(source, shape);
  }

  private identityAfter(id: number, awaited: number): TensorMetadata {
    const control = `^${this.sourceOf(awaited, 'what is awaited').replace(/:\d+$/, '')}`;
    const type = { name: 'T', type: this.binding.TF_ATTR_TYPE, value: FLOAT };
    const [result] = this.executeOp('Identity', [type], [id], 1) as [TensorMetadata];
    const node = this.nodes.pop() as NodeDef;
    this.nodes.push({ ...node, input: [...node.input, control] });
    return result;
  }

  private createTensor(shape: number[], dtype: number, values: ArrayBufferView): number {
    const id = this.binding.createTensor(shape, dtype, values);
    this.addConstant(id, dtype, shape, values);
    return id;
  }

  private addConstant(id: number, dtype: number, shape: number[], values: ArrayBufferView): string {
    const name = `constant_${this.nodes.length}`;
    // A copy: the caller may use its array again.
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    this.nodes.push(constantNode(name, dtype, shape, bytes));
    this.setSource({ id, shape }, `${name}:0`);
    return `${name}:0`;
  }

  private sourceOf(id: number, user: string): string {
    const source = this.sources.get(id);
    if (source) return source;
    const constant = metadataOf(allConstants()).find((known) => known.id === id);
    if (constant) return this.addConstant(id, constant.dtype, constant.shape, this.binding.tensorDataSync(id));
    const stranger = this.strangers.get(id);
    const which = stranger ? `, ${typeAndShape(stranger)},` : '';
    throw new RecordingError(`${user}${which} comes from outside the recorded function and is not one of its inputs`);
  }

  private attrValue(op: string, { name, type, value }: BindingAttribute): AttrValue {
    const { binding } = this;
    if (type === binding.TF_ATTR_SHAPE) return { shape: tensorShape(value as number[]) };
    const kinds: Record<number, string> = {
      [binding.TF_ATTR_STRING]: 's',
      [binding.TF_ATTR_INT]: 'i',
      [binding.TF_ATTR_FLOAT]: 'f',
      [binding.TF_ATTR_BOOL]: 'b',
      [binding.TF_ATTR_TYPE]: 'type',
    };
    const kind = kinds[type];
    if (!kind) throw new RecordingError(`attribute ${name} of ${op} is of a kind that cannot be recorded`);
    if (Array.isArray(value)) return { list: { [kind]: value } };
    return { [kind]: kind === 's' ? new TextEncoder().encode(value as string) : value } as unknown as AttrValue;
  }
}
