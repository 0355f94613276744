/**
 * Low-rank adapters (LoRA, Hu et al. 2021): beside a linear map W [out, in] stand A [r, in] and B [out, r], and
 * y = W·x + scaling·B·(A·x). The adapters of a model are further weights in its map, behind the weight they stand beside:
 *
 *     language_model.model.layers.0.self_attn.q_proj.weight           [out, in]
 *     language_model.model.layers.0.self_attn.q_proj.lora_A.weight    [r, in]
 *     language_model.model.layers.0.self_attn.q_proj.lora_B.weight    [out, r]
 *     language_model.model.layers.0.self_attn.q_proj.lora_scaling     []: a number, never trained
 */
import { InputError } from '../../../shared/errors.ts';
import { Random } from '../../../shared/random.ts';
import { loraScaling, type LoraSettings } from '../../../shared/recipe-lora.ts';
import type { LlavaConfig } from './config.ts';
import { sizeOf, type HostTensor } from './host-tensor.ts';
import { toHostTensor, type WeightTensor } from './weight-tensor.ts';

export const LORA_A = '.lora_A.weight';
export const LORA_B = '.lora_B.weight';
export const LORA_SCALING = '.lora_scaling';

/** The adapter of one linear map. */
export interface LoraFactors {
  /** A [r, in] */
  readonly down: HostTensor;
  /** B [out, r] */
  readonly up: HostTensor;
  readonly scaling: number;
}

/** Adapters by the linear map they stand beside: `language_model.model.layers.0.self_attn.q_proj`. */
export type Lora = ReadonlyMap<string, LoraFactors>;

/** Whether a name is that of an adapter's A or B: of a weight that LoRA trains. */
export const isLoraFactor = (name: string): boolean => name.endsWith(LORA_A) || name.endsWith(LORA_B);

/** Whether a name is that of any tensor of an adapter. */
export const isLoraTensor = (name: string): boolean => isLoraFactor(name) || name.endsWith(LORA_SCALING);

const DECODER_MAP = /^language_model\.model\.layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)\.weight$/;

/** The linear map of a weight's name, if the settings give it an adapter. */
function adaptedMap(name: string, { targets }: LoraSettings, firstLayer: number): string | undefined {
  const [, layer, target] = DECODER_MAP.exec(name) ?? [];
  if (layer === undefined || Number(layer) < firstLayer) return undefined;
  return targets.some((one) => one === target) ? name.slice(0, -'.weight'.length) : undefined;
}

/** Uniform in ±1/√in: peft's start, torch's `kaiming_uniform_` with a = √5. Each tensor has a stream of its own. */
function startOfDown(shape: readonly [number, number], seed: number, name: string): HostTensor {
  const random = Random.from(seed, `initialise/${name}`);
  const bound = shape[1] ** -0.5;
  const data = Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * random.uniform() - 1));
  return { shape, data };
}

/**
 * New adapters beside the linear maps of a decoder's layers: A random, B zero, so that the model answers as before.
 *
 * @param weights of the base model
 * @param layers how many of the last layers get adapters; by default all
 */
export function newLora(
  weights: ReadonlyMap<string, Pick<HostTensor, 'shape'>>,
  { text }: LlavaConfig,
  settings: LoraSettings,
  seed: number,
  layers = text.layers,
): Lora {
  const { rank } = settings;
  const scaling = loraScaling(settings);
  const adapters = new Map<string, LoraFactors>();
  for (const [name, { shape }] of weights) {
    const map = adaptedMap(name, settings, text.layers - layers);
    if (map === undefined) continue;
    const [out, into] = shape as [number, number];
    const up = { shape: [out, rank], data: new Float32Array(out * rank) };
    adapters.set(map, { down: startOfDown([rank, into], seed, map + LORA_A), up, scaling });
  }
  return adapters;
}

/**
 * A model's weights with adapters among them, in the model's order.
 *
 * @throws InputError naming the adapter that stands beside no linear map of the model, or whose shape does not fit it
 */
export function withLora(
  weights: ReadonlyMap<string, WeightTensor>,
  lora: Lora,
  file?: string,
): Map<string, WeightTensor> {
  const left = new Set(lora.keys());
  const all = new Map<string, WeightTensor>();
  for (const [name, tensor] of weights) {
    all.set(name, tensor);
    const map = name.endsWith('.weight') ? name.slice(0, -'.weight'.length) : '';
    const factors = lora.get(map);
    if (!factors) continue;
    left.delete(map);
    checkShapes(map, factors, tensor.shape, file);
    all.set(map + LORA_A, factors.down);
    all.set(map + LORA_B, factors.up);
    all.set(map + LORA_SCALING, { shape: [], data: Float32Array.of(factors.scaling) });
  }
  const [unknown] = left;
  if (unknown === undefined) return all;
  throw new InputError({
    ...(file !== undefined && { file }),
    field: unknown,
    rule: 'is no linear map of the base model',
  });
}

function checkShapes(map: string, { down, up }: LoraFactors, shape: readonly number[], file?: string): void {
  const [out, into] = shape;
  const [rank] = down.shape;
  const fits =
    shape.length === 2 && String(down.shape) === String([rank, into]) && String(up.shape) === String([out, rank]);
  if (fits) return;
  const rule = `has A [${down.shape.join(', ')}] and B [${up.shape.join(', ')}], which do not fit the weight [${shape.join(', ')}]`;
  throw new InputError({ ...(file !== undefined && { file }), field: map, rule });
}

/** The adapters among a model's weights; without any, an empty map. */
export function loraOf(weights: ReadonlyMap<string, WeightTensor>): Lora {
  const adapters = new Map<string, LoraFactors>();
  for (const [name, down] of weights) {
    if (!name.endsWith(LORA_A)) continue;
    const map = name.slice(0, -LORA_A.length);
    const [up, scaling] = [weights.get(map + LORA_B), weights.get(map + LORA_SCALING)];
    if (!up || !scaling) throw new Error(`the adapter of ${map} is not whole`);
    const factors = { down: toHostTensor(down), up: toHostTensor(up) };
    adapters.set(map, { ...factors, scaling: toHostTensor(scaling).data[0] as number });
  }
  return adapters;
}
