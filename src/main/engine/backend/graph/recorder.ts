/**
 * Watches the ops that a function runs and writes them down as a graph.
 *
 * While it records it stands in place of tfjs-node's binding: every op still runs, and is noted with its attributes,
 * inputs and outputs under the binding's tensor ids. Tensors made from values on the way become constants of the graph.
 */
import { allConstants } from '../constants.ts';
import { constantNode, inputNode, tensorShape, type AttrValue, type NodeDef } from './graph-def.ts';
import { metadataOf, withBinding, type Binding, type BindingAttribute, type TensorMetadata } from './binding.ts';

/** A graph with its inputs and outputs as `node:output`. */
export interface RecordedGraph {
  readonly nodes: readonly NodeDef[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export class Recorder {
  private readonly binding: Binding;
  private readonly nodes: NodeDef[] = [];
  private readonly inputs: string[] = [];
  /** Where each tensor id comes from, as `node:output`. */
  private readonly sources = new Map<number, string>();

  constructor(binding: Binding) {
    this.binding = binding;
  }

  /** Declares a tensor that is given at every call. */
  addInput({ id, dtype, shape }: TensorMetadata): void {
    const name = `input${this.inputs.length}`;
    this.nodes.push(inputNode(name, dtype, shape));
    this.inputs.push(`${name}:0`);
    this.sources.set(id, `${name}:0`);
  }

  /** Runs `fn`, noting every op it runs. */
  watch<T>(fn: () => T): T {
    return withBinding(
      {
        executeOp: (op, attributes, inputs, count) => this.executeOp(op, attributes, inputs, count),
        createTensor: (shape, dtype, values) => this.createTensor(shape, dtype, values),
        tensorDataSync: () => {
          throw new Error('a recorded function must not read tensor data: its later calls would not see it');
        },
      },
      fn,
    );
  }

  /** The graph, with the given tensors as its outputs. */
  finish(outputIds: readonly number[]): RecordedGraph {
    const outputs = outputIds.map((id) => this.sourceOf(id, 'the result'));
    return { nodes: this.nodes, inputs: this.inputs, outputs };
  }

  private executeOp(op: string, attributes: BindingAttribute[], inputs: number[], count: number): TensorMetadata[] {
    const input = inputs.map((id) => this.sourceOf(id, op));
    const results = this.binding.executeOp(op, attributes, inputs, count);
    const name = `${op}_${this.nodes.length}`;
    const attr = Object.fromEntries(attributes.map((given) => [given.name, this.attrValue(op, given)]));
    this.nodes.push({ name, op, input, attr });
    results.forEach(({ id }, output) => this.sources.set(id, `${name}:${output}`));
    return results;
  }

  private createTensor(shape: number[], dtype: number, values: ArrayBufferView): number {
    const id = this.binding.createTensor(shape, dtype, values);
    this.addConstant(id, dtype, shape, values);
    return id;
  }

  private addConstant(id: number, dtype: number, shape: readonly number[], values: ArrayBufferView): string {
    const name = `constant_${this.nodes.length}`;
    // A copy: the caller may use its array again.
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    this.nodes.push(constantNode(name, dtype, shape, bytes));
    this.sources.set(id, `${name}:0`);
    return `${name}:0`;
  }

  private sourceOf(id: number, user: string): string {
    const source = this.sources.get(id);
    if (source) return source;
    const constant = metadataOf(allConstants()).find((known) => known.id === id);
    if (!constant) throw new Error(`${user} uses a tensor from outside the recorded function that is not its input`);
    return this.addConstant(id, constant.dtype, constant.shape, this.binding.tensorDataSync(id));
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
    if (!kind) throw new Error(`attribute ${name} of ${op} is of a kind that cannot be recorded`);
    if (Array.isArray(value)) return { list: { [kind]: value } };
    return { [kind]: kind === 's' ? new TextEncoder().encode(value as string) : value } as unknown as AttrValue;
  }
}
