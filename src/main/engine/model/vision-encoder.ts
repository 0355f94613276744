/**
 * The CLIP vision transformer (Radford et al. 2021): patches → tokens → pre-norm layers with full attention.
 * Shapes: I images, N patches, E encoder width, P patch side.
 */
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { constant } from '../backend/constants.ts';
import { activate } from '../backend/ops/activations.ts';
import { attention, scaleQueries, type AttentionShape } from '../backend/ops/attention.ts';
import { add, linear } from '../backend/ops/linear.ts';
import { layerNorm } from '../backend/ops/norm.ts';
import { concatRows, gatherRows } from '../backend/ops/rows.ts';
import { reshapeOp } from '../backend/ops/reshape.ts';
import { reshape, transpose } from '../backend/kernels.ts';
import { affine } from './affine.ts';
import type { VisionConfig } from './config.ts';
import { scoped, type ScopedWeights, type Weights } from './weights.ts';

/** Index tensors that put class token, patches and positions in their places; they depend on the image count only. */
interface TokenIndices {
  /** int32 [I·(N+1)] into [class token; I·N patches]. */
  readonly tokens: Tensor;
  /** int32 [I·(N+1)] into the position table. */
  readonly positions: Tensor;
  /** int32 [I·N]: all rows but the class tokens. */
  readonly patches: Tensor;
}

function tokenIndices(images: number, patches: number): TokenIndices {
  const length = patches + 1;
  const index = (name: string, per: number, value: (image: number, i: number) => number): Tensor =>
    constant(`vision ${name} ${images} ${patches}`, () => {
      const values = Int32Array.from({ length: images * per }, (_, r) => value(Math.floor(r / per), r % per));
      return tf.tensor1d(values, 'int32');
    });
  return {
    tokens: index('tokens', length, (image, t) => (t === 0 ? 0 : 1 + image * patches + t - 1)),
    positions: index('positions', length, (_, t) => t),
    patches: index('patches', patches, (image, p) => image * length + 1 + p),
  };
}

/** Cuts images into flat patches, channel first as the convolution's weight is: [I, 3, S, S] → [I·N, 3·P·P]. */
function patchRows(pixels: Tensor, { imageSize, patchSize: P }: VisionConfig): Tensor {
  const grid = imageSize / P;
  const cut = reshape(pixels, [-1, 3, grid, P, grid, P]);
  return reshape(transpose(cut, [0, 2, 4, 1, 3, 5]), [-1, 3 * P * P]);
}

/** One token per patch, the class token in front of each image: [I, 3, S, S] → [I·(N+1), E]. */
function embed(pixels: Tensor, weights: Weights, config: VisionConfig): Tensor {
  const w = scoped(weights, 'vision_tower');
  const images = pixels.shape[0];
  const patches = (config.imageSize / config.patchSize) ** 2;
  const indices = tokenIndices(images, patches);
  // A convolution whose stride is its kernel size is a product with the flattened patch.
  const kernel = reshapeOp(w('embeddings.patch_embedding.weight'), [config.hiddenSize, -1]);
  const patchTokens = linear(patchRows(pixels, config), kernel); // [I·N, E]
  const classToken = reshapeOp(w('embeddings.class_embedding'), [1, config.hiddenSize]);
  const tokens = gatherRows(concatRows(classToken, patchTokens), indices.tokens);
  const positions = gatherRows(w('embeddings.position_embedding.weight'), indices.positions);
  return layerNorm(add(tokens, positions), w('pre_layrnorm.weight'), w('pre_layrnorm.bias'), config.layerNormEps);
}

/** x + attention(norm(x)), then x + mlp(norm(x)): [I·(N+1), E] → the same. */
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

/**
 * Hidden state after the first `layers` layers (`hidden_states[layers]` in transformers; no post-norm).
 *
 * @param pixels [I, 3, S, S], normalised
 * @param select `default` drops the class token, `full` keeps it in front
 * @returns [I·N, E] or [I·(N+1), E], owned by the caller
 */
export function visionFeatures(
  pixels: Tensor,
  weights: Weights,
  config: VisionConfig,
  layers: number,
  select: 'default' | 'full',
): Tensor {
  const images = pixels.shape[0];
  const patches = (config.imageSize / config.patchSize) ** 2;
  const shape: AttentionShape = {
    batch: images,
    length: patches + 1,
    heads: config.heads,
    kvHeads: config.heads,
    headDim: config.hiddenSize / config.heads,
    causal: false,
  };
  let x = tf.tidy(() => embed(pixels, weights, config));
  for (let layer = 0; layer < layers; layer++) {
    const w = scoped(weights, `vision_tower.encoder.layers.${layer}`);
    x = next(x, (state) => visionLayer(state, w, config, shape));
  }
  if (select === 'full') return x;
  return next(x, (state) => gatherRows(state, tokenIndices(images, patches).patches));
}

/** y = f(x), after which x is only alive if a tape saved it. */
export function next(x: Tensor, f: (x: Tensor) => Tensor): Tensor {
  const y = tf.tidy(() => f(x));
  if (!x.kept && x !== y) x.dispose();
  return y;
}
