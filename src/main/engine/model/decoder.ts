/**
 * The decoder of LLaMA, Mistral and Qwen2: pre-norm layers of causal attention with rotary positions and a SwiGLU MLP.
 * Where a family has a bias, its weights have one, and `affine` adds it.
 * States are rows: R = B·T of one padded batch, D decoder width.
 */
import type { Tensor } from '../backend/tensorflow.ts';
import { swiglu } from '../backend/ops/activations.ts';
import { attention, type AttentionShape } from '../backend/ops/attention.ts';
import { add } from '../backend/ops/linear.ts';
import { rmsNorm } from '../backend/ops/norm.ts';
import { rope, ropeTable, type RopeTable } from '../backend/ops/rope.ts';
import { affine } from './affine.ts';
import type { TextConfig } from './config.ts';
import { rotaryFrequencies } from './rope.ts';
import type { ScopedWeights } from './weights.ts';

/** Rotary tables of a stretch of layers: the queries' carries attention's 1/√d. */
export interface RotaryTables {
  readonly queries: RopeTable;
  readonly keys: RopeTable;
}

/** Tables for the position ids of a batch, int32 [R], owned by the caller's tidy. */
export function rotaryTables(positions: Tensor, text: TextConfig): RotaryTables {
  const frequencies = rotaryFrequencies(positions, text);
  return {
    queries: ropeTable(positions, text.heads, frequencies, text.headDim ** -0.5),
    keys: ropeTable(positions, text.kvHeads, frequencies),
  };
}

/** Rotated queries and keys, and values, of one layer. */
export interface Projections {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
}

/** Queries [R, H·d] (rotated, scaled), keys [R, kv·d] (rotated) and values [R, kv·d] of a layer's input [R, D]. */
export function projections(x: Tensor, w: ScopedWeights, config: TextConfig, tables: RotaryTables): Projections {
  const h = rmsNorm(x, w('input_layernorm.weight'), config.rmsNormEps);
  return {
    q: rope(affine(h, w, 'self_attn.q_proj'), tables.queries),
    k: rope(affine(h, w, 'self_attn.k_proj'), tables.keys),
    v: affine(h, w, 'self_attn.v_proj'),
  };
}

/** The rest of a layer once attention is done: x + o(attended), then x + mlp(norm(x)). [R, D] → [R, D] */
export function finishLayer(x: Tensor, attended: Tensor, w: ScopedWeights, config: TextConfig): Tensor {
  const middle = add(x, affine(attended, w, 'self_attn.o_proj'));
  const h = rmsNorm(middle, w('post_attention_layernorm.weight'), config.rmsNormEps);
  const gated = swiglu(affine(h, w, 'mlp.gate_proj'), affine(h, w, 'mlp.up_proj'));
  return add(middle, affine(gated, w, 'mlp.down_proj'));
}

/** One decoder layer over whole sequences: [R, D] → [R, D]. */
export function decoderLayer(
  x: Tensor,
  w: ScopedWeights,
  config: TextConfig,
  tables: RotaryTables,
  shape: AttentionShape,
): Tensor {
  const { q, k, v } = projections(x, w, config, tables);
  return finishLayer(x, attention(q, k, v, shape), w, config);
}
