/** TensorFlow's GraphDef: nodes on one side, the bytes its C API reads on the other. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import protobuf from 'protobufjs';

/** An attribute value in the shape of TensorFlow's AttrValue message. */
export type AttrValue =
  | { readonly type: number }
  | { readonly i: number }
  | { readonly f: number }
  | { readonly b: boolean }
  | { readonly s: Uint8Array }
  | { readonly shape: TensorShape }
  | { readonly tensor: TensorValue }
  | {
      readonly list:
        Readonly<Record<'i' | 'f' | 'b', readonly (number | boolean)[]>> | Record<string, readonly unknown[]>;
    };

interface TensorShape {
  readonly dim: readonly { readonly size: number }[];
}

interface TensorValue {
  readonly dtype: number;
  readonly tensorShape: TensorShape;
  readonly tensorContent: Uint8Array;
}

/** One op of a graph. Inputs are written `node:output`. */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, AttrValue>>;
}

export const tensorShape = (shape: readonly number[]): TensorShape => ({ dim: shape.map((size) => ({ size })) });

/** A constant: its values are part of the graph. */
export function constantNode(name: string, dtype: number, shape: readonly number[], bytes: Uint8Array): NodeDef {
  const tensor = { dtype, tensorShape: tensorShape(shape), tensorContent: bytes };
  return { name, op: 'Const', input: [], attr: { dtype: { type: dtype }, value: { tensor } } };
}

/** A value that is given when the function is called. */
export function inputNode(name: string, dtype: number, shape: readonly number[]): NodeDef {
  return { name, op: 'Placeholder', input: [], attr: { dtype: { type: dtype }, shape: { shape: tensorShape(shape) } } };
}

let graphDefType: protobuf.Type | undefined;

/** The message definition that tfjs-node ships beside its own (read-only) generated code. */
function graphDef(): protobuf.Type {
  if (!graphDefType) {
    const require = createRequire(import.meta.url);
    const packageFolder = dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
    graphDefType = protobuf.loadSync(join(packageFolder, 'src/proto/api.proto')).lookupType('tensorflow.GraphDef');
  }
  return graphDefType;
}

/** The GraphDef of some nodes, as bytes. */
export function encodeGraph(nodes: readonly NodeDef[]): Uint8Array {
  const type = graphDef();
  return type.encode(type.fromObject({ node: nodes, versions: { producer: GRAPH_VERSION } })).finish();
}

/** GraphDef version of TensorFlow 2.x's ops; older ones would get compatibility behaviour. */
const GRAPH_VERSION = 1882;
