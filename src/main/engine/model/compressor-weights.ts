/** Weights that compressors learn: part of the model, but in a file of their own, which Python's transformers passes over. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatCompression, type Compression, type CompressionPoint } from '../../../shared/compression.ts';
import { COMPRESSOR_FACTS, COMPRESSORS } from '../../../shared/compressors.ts';
import { InputError } from '../../../shared/errors.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import { compressorNamed } from '../compressor/compressors.ts';
import type { LlavaConfig } from './config.ts';
import type { HostTensor } from './host-tensor.ts';
import { openTensors } from './safetensors.ts';
import { writeSafetensors, type OutputType } from './safetensors-write.ts';
import type { WeightTensor } from './weight-tensor.ts';
import type { Weights } from './weights.ts';

/** Beside model.safetensors, and in no index. */
const COMPRESSOR_WEIGHTS = 'compressors.safetensors';
const PREFIX = 'compressors.';

/** A point's own: `compressors.parametric.layer_2.stride_8.weight`. */
const compressorWeightName = ({ layer, stride, compressor }: CompressionPoint): string =>
  `${PREFIX}${compressor}.layer_${layer}.stride_${stride}.weight`;

export const isCompressorWeight = (name: string): boolean => name.startsWith(PREFIX);

/** Whether the point's compressor has a weight. */
export const learnsWeight = ({ compressor }: CompressionPoint): boolean =>
  compressorNamed(compressor).hasWeight === true;

/** Channels that a point works on: the tower's before the projector, else the decoder's. */
const widthOf = ({ compressor }: CompressionPoint, { vision, text }: LlavaConfig): number =>
  COMPRESSOR_FACTS[compressor].beforeProjector ? vision.hiddenSize : text.hiddenSize;

/** [D, S·D]: every tap passes its channels on unchanged, divided by S. */
function meanKernel(width: number, stride: number): HostTensor {
  const data = new Float32Array(width * stride * width);
  for (let out = 0; out < width; out++) {
    for (let tap = 0; tap < stride; tap++) data[(out * stride + tap) * width + out] = 1 / stride;
  }
  return { shape: [width, stride * width], data };
}

/** Adds the weights that some settings need and a model has not, as they start. */
export function withCompressorWeights(
  weights: ReadonlyMap<string, WeightTensor>,
  config: LlavaConfig,
  settings: readonly Compression[],
): ReadonlyMap<string, WeightTensor> {
  const all = new Map(weights);
  for (const point of settings.flat().filter(learnsWeight)) {
    const name = compressorWeightName(point);
    if (!all.has(name)) all.set(name, meanKernel(widthOf(point, config), point.stride));
  }
  return all;
}

/**
 * The weight of a point's compressor; undefined where it has none.
 *
 * @throws InputError where the model was not trained with this point
 */
export function compressorWeight(point: CompressionPoint, weights: Weights): Tensor | undefined {
  if (!learnsWeight(point)) return undefined;
  const weight = weights.get(compressorWeightName(point));
  if (weight) return weight;
  const own = [...weights.keys()].filter(isCompressorWeight);
  throw new InputError({
    field: 'compression',
    value: formatCompression([point]),
    rule: `needs a model that was trained with this ${point.compressor} compressor, layer and stride`,
    hint: own.length > 0 ? `This one has ${own.join(', ')}` : 'Train with it, or take average-pool',
  });
}

/** The point that a weight belongs to; undefined where no compressor learns one of that name. */
function pointOf(name: string): CompressionPoint | undefined {
  const [, written, layer, stride] = /^compressors\.([\w-]+)\.layer_(-1|\d+)\.stride_(\d+)\.weight$/.exec(name) ?? [];
  const compressor = COMPRESSORS.find((known) => known === written);
  if (compressor === undefined) return undefined;
  const point = { layer: Number(layer), stride: Number(stride), compressor };
  return learnsWeight(point) ? point : undefined;
}

/** The compressors' weights of a model folder; none where it has no such file. @throws InputError for another name or shape */
export async function openCompressorWeights(folder: string, config: LlavaConfig): Promise<Map<string, WeightTensor>> {
  const file = join(folder, COMPRESSOR_WEIGHTS);
  if (!existsSync(file)) return new Map();
  const tensors = await openTensors(file);
  for (const [name, { shape }] of tensors) {
    const point = pointOf(name);
    const width = point ? widthOf(point, config) : 0;
    if (point && shape.join() === [width, point.stride * width].join()) continue;
    const expected = point
      ? `of shape [${width}, ${point.stride * width}], and is [${shape.join(', ')}]`
      : 'by its name';
    const rule = `must be a compressor's weight ${expected}`;
    throw new InputError({ file, field: name, rule });
  }
  return tensors;
}

/** Writes the compressors' weights of a model; without any, a file that was there goes. */
export async function saveCompressorWeights(
  folder: string,
  weights: ReadonlyMap<string, WeightTensor>,
  output: OutputType,
): Promise<void> {
  const own = new Map([...weights].filter(([name]) => isCompressorWeight(name)));
  const file = join(folder, COMPRESSOR_WEIGHTS);
  if (own.size === 0) await rm(file, { force: true });
  else await writeSafetensors(file, own, new Map([['format', 'pt']]), output);
}
