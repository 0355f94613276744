import { Random } from '../../../shared/random.ts';
import type { LlavaConfig, VisionConfig } from './config.ts';
import type { HostTensor } from './host-tensor.ts';
import { sizeOf } from './host-tensor.ts';
import { parameterShapes } from './parameter-shapes.ts';

/** How a tensor starts: all elements alike, or normally distributed about zero. */
type Start = { readonly constant: number } | { readonly std: number };

/** What a decoder's start may differ in from transformers'. */
export interface DecoderStart {
  /** Standard deviation of the word embeddings; by default `text.initializerRange`. */
  readonly embeddingRange?: number;
  /**
   * Layers' outputs (attention's o_proj, the MLP's down_proj) start smaller by √(2·layers), as GPT-2's do (Radford et al.
   * 2019), so that the residual stream keeps its scale at any depth.
   */
  readonly scaleResidual?: boolean;
}

const isNorm = (name: string): boolean => /(layernorm|layer_norm[12]|layrnorm|norm)\.weight$/.test(name);

/** transformers' CLIPPreTrainedModel: widths and depth set the scale, so that the residual stream does not grow with depth. */
function visionStd(name: string, vision: VisionConfig): number {
  const { hiddenSize: E, layers, initializerRange, initializerFactor } = vision;
  const perLayer = (2 * layers) ** -0.5;
  if (name.endsWith('class_embedding')) return E ** -0.5 * initializerFactor;
  if (name.includes('.embeddings.')) return initializerRange * initializerFactor;
  if (name.includes('.out_proj.')) return E ** -0.5 * initializerFactor;
  if (name.includes('.mlp.fc1.')) return (2 * E) ** -0.5 * initializerFactor;
  return E ** -0.5 * perLayer * initializerFactor; // q, k, v projections and fc2
}

/**
 * | tensor                                | start                                                     |
 * |---------------------------------------|-----------------------------------------------------------|
 * | weights of norms; biases of all kinds | 1; 0                                                      |
 * | vision tower                          | normal, scaled by width and depth (`visionStd`)           |
 * | projector                             | normal, `text.initializerRange`                           |
 * | embeddings, output head, decoder      | normal, `text.initializerRange`, unless `DecoderStart`    |
 *
 * The projector starts as transformers starts it, not with torch's uniform default: at the small scale, visual tokens
 * enter the decoder about as large as word embeddings, rather than many times larger.
 */
function startOf(name: string, { vision, text }: LlavaConfig, decoder: DecoderStart): Start {
  if (name.endsWith('.bias')) return { constant: 0 };
  if (isNorm(name)) return { constant: 1 };
  return { std: name.startsWith('vision_tower.') ? visionStd(name, vision) : decoderStd(name, text, decoder) };
}

function decoderStd(name: string, { layers, initializerRange }: LlavaConfig['text'], start: DecoderStart): number {
  if (name.endsWith('embed_tokens.weight')) return start.embeddingRange ?? initializerRange;
  const isLayerOutput = name.endsWith('.o_proj.weight') || name.endsWith('.down_proj.weight');
  return start.scaleResidual && isLayerOutput ? initializerRange * (2 * layers) ** -0.5 : initializerRange;
}

/** Normal numbers from a stream of the tensor's own: adding a tensor to the model changes no other. */
function normal(size: number, std: number, seed: number, name: string): Float32Array {
  const random = Random.from(seed, `initialise/${name}`);
  const data = new Float32Array(size);
  for (let i = 0; i < size; i++) data[i] = std * random.normal();
  return data;
}

function initialise(
  name: string,
  shape: readonly number[],
  config: LlavaConfig,
  seed: number,
  decoder: DecoderStart,
): HostTensor {
  const start = startOf(name, config, decoder);
  const size = sizeOf(shape);
  const data = 'constant' in start ? new Float32Array(size).fill(start.constant) : normal(size, start.std, seed, name);
  const { padTokenId, hiddenSize } = config.text;
  // The padding token's embedding is zero, as in torch.nn.Embedding with padding_idx.
  if (name.endsWith('embed_tokens.weight') && padTokenId !== null)
    data.fill(0, padTokenId * hiddenSize, (padTokenId + 1) * hiddenSize);
  return { shape, data };
}

/**
 * Weights of a new model, as transformers initialises them (CLIP and LLaMA each by their own rule), under canonical names.
 * The same seed gives the same weights on every machine; a million take about a tenth of a second.
 */
export function initialiseWeights(
  config: LlavaConfig,
  seed: number,
  decoder: DecoderStart = {},
): Map<string, HostTensor> {
  const shapes = [...parameterShapes(config)];
  return new Map(shapes.map(([name, shape]) => [name, initialise(name, shape, config, seed, decoder)]));
}
