import { Random } from '../../../shared/random.ts';
import type { ClipVisionConfig, LlavaConfig, VisionConfig } from './config.ts';
import type { HostTensor } from './host-tensor.ts';
import { sizeOf } from './host-tensor.ts';
import { parameterShapes } from './parameter-shapes.ts';

type Shape = readonly number[];

/**
 * How a tensor starts: all elements alike, normally distributed about zero (cut off beyond two deviations where
 * truncated), or evenly between −limit and limit.
 */
type Start =
  { readonly constant: number } | { readonly std: number; readonly truncated?: boolean } | { readonly limit: number };

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
function clipStart(name: string, vision: ClipVisionConfig): Start {
  const { hiddenSize: E, layers, initializerRange, initializerFactor } = vision;
  const perLayer = (2 * layers) ** -0.5;
  const std = (unscaled: number): Start => ({ std: unscaled * initializerFactor });
  if (name.endsWith('class_embedding')) return std(E ** -0.5);
  if (name.includes('.embeddings.')) return std(initializerRange);
  if (name.includes('.out_proj.')) return std(E ** -0.5);
  if (name.includes('.mlp.fc1.')) return std((2 * E) ** -0.5);
  return std(E ** -0.5 * perLayer); // q, k, v projections and fc2
}

/** What is left of a standard deviation when everything beyond two of them is cut off. */
const TRUNCATED_DEVIATION = 0.87962566103423978;

/** Normal, of variance 1 / inputs after truncation: torch's and Flax's `lecun_normal`. */
function lecunNormal(shape: Shape): Start {
  return { std: sizeOf(shape.slice(1)) ** -0.5 / TRUNCATED_DEVIATION, truncated: true };
}

/** Uniform, of variance 2 / (inputs + outputs); a tensor [a, b, …] has b·… inputs and a·… outputs. */
function xavierUniform([out = 1, into = 1, ...field]: Shape): Start {
  return { limit: Math.sqrt(6 / ((out + into) * sizeOf(field))) };
}

/** transformers' SiglipPreTrainedModel. */
function siglipStart(name: string, shape: Shape, { hiddenSize: E }: VisionConfig): Start {
  if (/\.mlp\.fc[12]\.bias$/.test(name)) return { std: 1e-6 };
  if (/bias$/.test(name)) return { constant: 0 };
  if (name.endsWith('position_embedding.weight')) return { std: E ** -0.5 };
  const isLinear = /patch_embedding\.weight$|\.head\.attention\.out_proj\.weight$/.test(name);
  return isLinear ? lecunNormal(shape) : xavierUniform(shape);
}

/**
 * | tensor                                | start                                                      |
 * |---------------------------------------|------------------------------------------------------------|
 * | weights of norms; biases              | 1; 0 (SigLIP's MLPs: nearly)                               |
 * | vision tower                          | as CLIP or SigLIP does (`clipStart`, `siglipStart`)        |
 * | projector                             | normal, `text.initializerRange`                            |
 * | embeddings, output head, decoder      | normal, `text.initializerRange`, unless `DecoderStart`     |
 *
 * The projector starts as transformers starts it, not with torch's uniform default: at the small scale, visual tokens
 * enter the decoder about as large as word embeddings, rather than many times larger.
 */
function startOf(name: string, shape: Shape, { vision, text }: LlavaConfig, decoder: DecoderStart): Start {
  if (isNorm(name)) return { constant: 1 };
  const isTower = name.startsWith('vision_tower.');
  if (isTower && vision.family === 'siglip') return siglipStart(name, shape, vision);
  if (name.endsWith('.bias')) return { constant: 0 };
  return isTower ? clipStart(name, vision as ClipVisionConfig) : { std: decoderStd(name, text, decoder) };
}

function decoderStd(name: string, { layers, initializerRange }: LlavaConfig['text'], start: DecoderStart): number {
  if (name.endsWith('embed_tokens.weight')) return start.embeddingRange ?? initializerRange;
  const isLayerOutput = name.endsWith('.o_proj.weight') || name.endsWith('.down_proj.weight');
  return start.scaleResidual && isLayerOutput ? initializerRange * (2 * layers) ** -0.5 : initializerRange;
}

/** The next number of a distribution about zero. */
function draw(random: Random, start: Exclude<Start, { constant: number }>): number {
  if ('limit' in start) return start.limit * (2 * random.uniform() - 1);
  let value = random.normal();
  while (start.truncated && Math.abs(value) > 2) value = random.normal();
  return start.std * value;
}

/** Numbers from a stream of the tensor's own: adding a tensor to the model changes no other. */
function values(size: number, start: Start, seed: number, name: string): Float32Array {
  const data = new Float32Array(size);
  if ('constant' in start) return data.fill(start.constant);
  const random = Random.from(seed, `initialise/${name}`);
  for (let i = 0; i < size; i++) data[i] = draw(random, start);
  return data;
}

function initialise(
  name: string,
  shape: readonly number[],
  config: LlavaConfig,
  seed: number,
  decoder: DecoderStart,
): HostTensor {
  const data = values(sizeOf(shape), startOf(name, shape, config, decoder), seed, name);
  const { padTokenId, hiddenSize } = config.text;
  // The padding token's embedding is zero, as in torch.nn.Embedding with padding_idx.
  if (name.endsWith('embed_tokens.weight') && padTokenId !== null)
    data.fill(0, padTokenId * hiddenSize, (padTokenId + 1) * hiddenSize);
  return { shape, data };
}

/**
 * Weights of a new model, as transformers initialises them (each tower and the decoders by their own rule), under canonical names.
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
