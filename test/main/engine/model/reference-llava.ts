/**
 * LLaVA with visual token compression once more: one row at a time, without padding, batches or index arrays, in
 * double precision. What the engine's forward pass is compared with.
 */
import type { Compression } from '../../../../src/shared/compression.ts';
import type { EncodedRow } from '../../../../src/main/engine/data/batch.ts';
import { visionLayersUsed, type LlavaConfig } from '../../../../src/main/engine/model/config.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import * as ops from '../backend/reference-ops.ts';

type Weights = ReadonlyMap<string, HostTensor>;

const hostTensor = (weights: Weights, name: string): HostTensor => {
  const tensor = weights.get(name);
  if (!tensor) throw new Error(`no weight is named ${name}`);
  return tensor;
};
const vector = (weights: Weights, name: string): number[] => [...hostTensor(weights, name).data];
const matrix = (weights: Weights, name: string): ops.Matrix => {
  const { shape, data } = hostTensor(weights, name);
  return ops.rowsOf(data, data.length / (shape[0] as number));
};

/** x·Wᵀ + b where the layer has a bias. */
function affine(x: ops.Matrix, weights: Weights, name: string): ops.Matrix {
  const bias = weights.has(`${name}.bias`) ? vector(weights, `${name}.bias`) : undefined;
  return ops.linear(x, matrix(weights, `${name}.weight`), bias);
}

const scaled = (x: ops.Matrix, factor: number): ops.Matrix => x.map((row) => row.map((value) => value * factor));

function visionLayer(x: ops.Matrix, weights: Weights, layer: string, { vision }: LlavaConfig): ops.Matrix {
  const { heads, hiddenSize, layerNormEps, activation } = vision;
  const headDim = hiddenSize / heads;
  const norm = (y: ops.Matrix, name: string): ops.Matrix =>
    ops.layerNorm(
      y,
      vector(weights, `${layer}.${name}.weight`),
      vector(weights, `${layer}.${name}.bias`),
      layerNormEps,
    );
  const h = norm(x, 'layer_norm1');
  const [q, k, v] = ['q', 'k', 'v'].map((part) => affine(h, weights, `${layer}.self_attn.${part}_proj`)) as [
    ops.Matrix,
    ops.Matrix,
    ops.Matrix,
  ];
  const sizes = { heads, kvHeads: heads, headDim, causal: false };
  const attended = ops.attention(scaled(q, headDim ** -0.5), k, v, sizes);
  const middle = ops.add(x, affine(attended, weights, `${layer}.self_attn.out_proj`));
  const inner = affine(norm(middle, 'layer_norm2'), weights, `${layer}.mlp.fc1`);
  const active = inner.map((row) => row.map(ops.activations[activation]));
  return ops.add(middle, affine(active, weights, `${layer}.mlp.fc2`));
}

/** Flat patches of one image [3, S, S], channel first. */
function patchesOf(pixels: Float32Array, { vision }: LlavaConfig): ops.Matrix {
  const { imageSize: S, patchSize: P } = vision;
  const patches: ops.Matrix = [];
  for (let y = 0; y < S; y += P) {
    for (let x = 0; x < S; x += P) {
      const patch: number[] = [];
      for (let c = 0; c < 3; c++)
        for (let v = 0; v < P; v++)
          for (let u = 0; u < P; u++) patch.push(pixels[c * S * S + (y + v) * S + x + u] as number);
      patches.push(patch);
    }
  }
  return patches;
}

/** Visual tokens of one image before compression: [N, D]. */
export function imageTokens(pixels: Float32Array, weights: Weights, config: LlavaConfig): ops.Matrix {
  const tower = 'vision_tower';
  const { hiddenSize, layerNormEps } = config.vision;
  const kernel = ops.rowsOf(
    hostTensor(weights, `${tower}.embeddings.patch_embedding.weight`).data,
    3 * config.vision.patchSize ** 2,
  );
  const patches = ops.linear(patchesOf(pixels, config), kernel);
  const tokens = [vector(weights, `${tower}.embeddings.class_embedding`), ...patches];
  const positions = ops.rowsOf(hostTensor(weights, `${tower}.embeddings.position_embedding.weight`).data, hiddenSize);
  const [scale, shift] = ['weight', 'bias'].map((part) => vector(weights, `${tower}.pre_layrnorm.${part}`));
  let x = ops.layerNorm(ops.add(tokens, positions), scale as number[], shift as number[], layerNormEps);
  for (let layer = 0; layer < visionLayersUsed(config); layer++) {
    x = visionLayer(x, weights, `${tower}.encoder.layers.${layer}`, config);
  }
  const features = config.featureSelect === 'default' ? x.slice(1) : x;
  const hidden = affine(features, weights, 'multi_modal_projector.linear_1');
  const active = hidden.map((row) => row.map(ops.activations.gelu));
  return affine(active, weights, 'multi_modal_projector.linear_2');
}

/** One token on its way through the decoder. */
interface Token {
  readonly state: number[];
  readonly position: number;
  /** Number of its image within the row; absent for text. */
  readonly image?: number;
  readonly label: number;
}

/** Every `stride` consecutive tokens of an image become their mean. */
function pool(tokens: readonly Token[], stride: number): Token[] {
  const result: Token[] = [];
  for (let at = 0; at < tokens.length;) {
    const { image } = tokens[at] as Token;
    let end = at + 1;
    while (image !== undefined && tokens[end]?.image === image) end++;
    if (image === undefined) result.push(tokens[at] as Token);
    for (let from = at; image !== undefined && from + stride <= end; from += stride) {
      const members = tokens.slice(from, from + stride);
      const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / stride;
      const state = (members[0] as Token).state.map((_, c) => mean(members.map((m) => m.state[c] as number)));
      const position = Math.floor(mean(members.map((member) => member.position)));
      result.push({ state, position, image, label: -100 });
    }
    at = end;
  }
  return result;
}

function decoderLayer(tokens: readonly Token[], weights: Weights, layer: string, { text }: LlavaConfig): Token[] {
  const x = tokens.map(({ state }) => state);
  const positions = tokens.map(({ position }) => position);
  const h = ops.rmsNorm(x, vector(weights, `${layer}.input_layernorm.weight`), text.rmsNormEps);
  const turn = (part: string): ops.Matrix =>
    ops.rope(affine(h, weights, `${layer}.self_attn.${part}`), positions, text.headDim, text.ropeTheta);
  const v = affine(h, weights, `${layer}.self_attn.v_proj`);
  const q = scaled(turn('q_proj'), text.headDim ** -0.5);
  const attended = ops.attention(q, turn('k_proj'), v, { ...text, causal: true });
  const middle = ops.add(x, affine(attended, weights, `${layer}.self_attn.o_proj`));
  const norm = ops.rmsNorm(middle, vector(weights, `${layer}.post_attention_layernorm.weight`), text.rmsNormEps);
  const gated = ops.swiglu(
    affine(norm, weights, `${layer}.mlp.gate_proj`),
    affine(norm, weights, `${layer}.mlp.up_proj`),
  );
  const after = ops.add(middle, affine(gated, weights, `${layer}.mlp.down_proj`));
  return tokens.map((token, i) => ({ ...token, state: after[i] as number[] }));
}

/** Tokens of a row as they enter the decoder, before any compression. */
function entryTokens(row: EncodedRow, images: readonly ops.Matrix[], table: ops.Matrix): Token[] {
  return Array.from(row.tokenIds, (id, position) => {
    const label = row.labels[position] as number;
    const image = row.groups.findIndex(({ start, length }) => position >= start && position < start + length);
    if (image < 0) return { state: table[id] as number[], position, label };
    const start = row.groups[image]?.start as number;
    return { state: images[image]?.[position - start] as number[], position, image, label };
  });
}

/**
 * Σ cross entropy over the supervised tokens of one row.
 *
 * @param pixels of each of its images, [3, S, S]
 */
export function referenceLoss(
  row: EncodedRow,
  pixels: readonly Float32Array[],
  compression: Compression,
  weights: Weights,
  config: LlavaConfig,
): number {
  const table = matrix(weights, 'language_model.model.embed_tokens.weight');
  const images = pixels.map((image) => imageTokens(image, weights, config));
  let tokens = entryTokens(row, images, table);
  for (let layer = -1; layer < config.text.layers; layer++) {
    for (const point of compression.filter((point) => point.layer === layer)) tokens = pool(tokens, point.stride);
    // Pooled before the decoder, the row is the decoder's whole world: its positions count from 0.
    if (layer < 0) tokens = tokens.map((token, position) => ({ ...token, position }));
    else tokens = decoderLayer(tokens, weights, `language_model.model.layers.${layer}`, config);
  }
  const states = tokens.map(({ state }) => state);
  const normed = ops.rmsNorm(states, vector(weights, 'language_model.model.norm.weight'), config.text.rmsNormEps);
  const head = config.text.tieWordEmbeddings ? table : matrix(weights, 'language_model.lm_head.weight');
  const logits = ops.linear(normed, head);
  return tokens.slice(1).reduce((total, { label }, i) => {
    return label < 0 ? total : total + (ops.crossEntropies([logits[i] as number[]], [label])[0] as number);
  }, 0);
}
