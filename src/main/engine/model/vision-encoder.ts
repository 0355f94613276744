/**
 * The vision transformers of CLIP (Radford et al. 2021) and SigLIP (Zhai et al. 2023): patches → tokens → pre-norm
 * layers with full attention. CLIP puts a class token in front of the patches and a norm before the first layer; SigLIP
 * has neither, but a bias on its patches.
 * Shapes: I images, N patches, L tokens in the tower (N, or N + 1 with a class token), E encoder width, P patch side.
 */
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { constant } from '../backend/constants.ts';
import { activate } from '../backend/ops/activations.ts';
import { attention, scaleQueries, type AttentionShape } from '../backend/ops/attention.ts';
import { add, linear } from '../backend/ops/linear.ts';
import { layerNorm } from '../backend/ops/norm.ts';
import { concatRows, gatherRows } from '../backend/ops/rows.ts';
import { reshapeOp } from '../backend/ops/reshape.ts';
import { reshape, slice, transpose } from '../backend/kernels.ts';
import { affine } from './affine.ts';
import { patchesPerImage, towerTokensPerImage, type VisionConfig } from './config.ts';
import { scoped, type ScopedWeights, type Weights } from './weights.ts';

/** An int32 index tensor [images · per], which depends on nothing but its name. */
function indexTensor(name: string, images: number, per: number, value: (image: number, i: number) => number): Tensor {
  return constant(`vision ${name} ${images} ${per}`, () => {
    const values = Int32Array.from({ length: images * per }, (_, r) => value(Math.floor(r / per), r % per));
    return tf.tensor1d(values, 'int32');
  });
}

/** Into [class token; I·N patches]: [I·(N+1)]. */
const withClassToken = (images: number, patches: number): Tensor =>
  indexTensor('class token and patches', images, patches + 1, (image, t) => (t === 0 ? 0 : image * patches + t));

/** Into the position table: [I·L]. */
const positionsOf = (images: number, tokens: number): Tensor => indexTensor('positions', images, tokens, (_, t) => t);

/** All tokens of an image but its first: [I·(L−1)] into [I·L]. */
const withoutFirst = (images: number, tokens: number): Tensor =>
  indexTensor('all but the first', images, tokens - 1, (image, t) => image * tokens + t + 1);

/** Cuts images into flat patches, channel first as the convolution's weight is: [I, 3, S, S] → [I·N, 3·P·P]. */
function patchRows(pixels: Tensor, { imageSize, patchSize: P }: VisionConfig): Tensor {
  const grid = Math.floor(imageSize / P);
  const whole = grid * P;
  const fitting = whole === imageSize ? pixels : slice(pixels, [0, 0, 0, 0], [-1, -1, whole, whole]);
  const cut = reshape(fitting, [-1, 3, grid, P, grid, P]);
  return reshape(transpose(cut, [0, 2, 4, 1, 3, 5]), [-1, 3 * P * P]);
}

/** One token per patch: [I, 3, S, S] → [I·N, E]. A convolution whose stride is its kernel size is a product with the flattened patch. */
function patchTokens(pixels: Tensor, w: ScopedWeights, config: VisionConfig): Tensor {
  const kernel = reshapeOp(w('embeddings.patch_embedding.weight'), [config.hiddenSize, -1]);
  return linear(patchRows(pixels, config), kernel, w.optional('embeddings.patch_embedding.bias'));
}

/** The tower's tokens with their positions, as they enter its first layer: [I, 3, S, S] → [I·L, E]. */
function embed(pixels: Tensor, weights: Weights, config: VisionConfig): Tensor {
  const w = scoped(weights, 'vision_tower');
  const images = pixels.shape[0];
  const positions = positionsOf(images, towerTokensPerImage(config));
  const placed = (tokens: Tensor): Tensor =>
    add(tokens, gatherRows(w('embeddings.position_embedding.weight'), positions));
  const patches = patchTokens(pixels, w, config);
  if (config.family === 'siglip') return placed(patches);
  const classToken = reshapeOp(w('embeddings.class_embedding'), [1, config.hiddenSize]);
  const tokens = gatherRows(concatRows(classToken, patches), withClassToken(images, patchesPerImage(config)));
  return layerNorm(placed(tokens), w('pre_layrnorm.weight'), w('pre_layrnorm.bias'), config.layerNormEps);
}

/** x + attention(norm(x)), then x + mlp(norm(x)): [I·L, E] → the same. */
function visionLayer(x: Tensor, w: ScopedWeights, config: VisionConfig, shape: AttentionShape): Tensor {
  const norm = (y: Tensor, name: string): Tensor =>
    layerNorm(y, w(`${name}.weight`), w(`${name}.bias`), config.layerNormEps);
  const h = norm(x, 'layer_norm1');
  const q = scaleQueries(affine(h, w, 'self_attn.q_proj'), shape.headDim ** -0.5);
  const attended = attention(q, affine(h, w, 'self_attn.k_proj'), affine(h, w, 'self_attn.v_proj'), shape);
  const middle = add(x, affine(attended, w, 'self_attn.out_proj'));
  const inner = activate(affine(norm(middle, 'layer_norm2'), w, 'mlp.fc1'), config.activation);
  return add(middle, affine(inner, w, 'mlp.fc2'));
}

/** Is shown what enters the last layer that features come through, [I·L, E], with the layer's weights. */
export type BeforeLastLayer = (x: Tensor, w: ScopedWeights, shape: AttentionShape) => void;

/**
 * Hidden state after the first `layers` layers (`hidden_states[layers]` in transformers; no post-norm).
 *
 * @param pixels [I, 3, S, S], normalised
 * @param select `full` keeps every token, `default` drops each image's first: CLIP's class token
 * @param listen is shown the last layer's input, where any layer runs
 * @returns [I·L, E] or [I·(L−1), E], owned by the caller
 */
export function visionFeatures(
  pixels: Tensor,
  weights: Weights,
  config: VisionConfig,
  layers: number,
  select: 'default' | 'full',
  listen?: BeforeLastLayer,
): Tensor {
  const images = pixels.shape[0];
  const tokens = towerTokensPerImage(config);
  const shape: AttentionShape = {
    batch: images,
    length: tokens,
    heads: config.heads,
    kvHeads: config.heads,
    headDim: config.hiddenSize / config.heads,
    causal: false,
  };
  let x = tf.tidy(() => embed(pixels, weights, config));
  for (let layer = 0; layer < layers; layer++) {
    const w = scoped(weights, `vision_tower.encoder.layers.${layer}`);
    if (layer === layers - 1) listen?.(x, w, shape);
    x = next(x, (state) => visionLayer(state, w, config, shape));
  }
  if (select === 'full') return x;
  return next(x, (state) => gatherRows(state, withoutFirst(images, tokens)));
}

/** y = f(x), after which x is only alive if a tape saved it. */
export function next(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const y = tf.tidy(() => f(x));
  if (!x.kept && x !== y) x.dispose();
  return y;
}
