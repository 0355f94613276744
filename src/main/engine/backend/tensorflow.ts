import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs-node-gpu';

type LegacyUtil = Record<string, unknown>;

const require = createRequire(import.meta.url);

// Node 23 removed two helpers of `util` that tfjs-node 4.22 still calls: they must be back before the package loads.
const util = require('node:util') as LegacyUtil;
util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
util['isArray'] ??= Array.isArray;

/** tfjs on the TensorFlow library of this machine: one package serves the CPU and the CUDA build of the library. */
export const tf = require('@tensorflow/tfjs-node-gpu') as typeof TensorFlow;

export type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D, DataType } from '@tensorflow/tfjs-node-gpu';
