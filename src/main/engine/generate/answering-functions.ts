/**
 * The three pure functions that answering is made of: image features, prefill and one step of decoding. Each takes
 * tensors and gives tensors, so that it can be recorded; a model's `GraphCache` runs them.
 */
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import { GraphCache, type Described } from '../backend/graph/graph-function.ts';
import { reshape, slice } from '../backend/kernels.ts';
import { attention } from '../backend/ops/attention.ts';
import { gatherRows } from '../backend/ops/rows.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { ObservePoint } from '../model/compression-point.ts';
import type { LlavaConfig } from '../model/config.ts';
import { finishLayer, projections, rotaryTables, type RotaryTables } from '../model/decoder.ts';
import { decode, headLogits, mergedEmbeddings, type DeviceBatch, type RunLayer } from '../model/llava.ts';
import { towerOutput, type TowerOutput } from '../model/tower-view.ts';
import { next } from '../model/vision-encoder.ts';
import { scoped, type Weights } from '../model/weights.ts';
import { cachedAttention } from './cached-attention.ts';
import { appended, promptBlock, type CacheShape, type KeysAndValues } from './kv-cache.ts';

/** A model that answers: its weights must stay alive as long as its sessions. */
export interface AnsweringModel {
  readonly config: LlavaConfig;
  readonly weights: Weights;
  /** Runs what answers. Every session of a model shares it, and with it the functions recorded so far. */
  readonly functions: AnsweringFunctions;
}

export type AnsweringFunctions = GraphCache<null>;

/** Functions kept at most: an evaluation at many settings comes back to all of its shapes for every batch. */
const LIMIT = 256;
/** A prompt's shape may never come again, and a short answer is over before recording has paid. */
const EAGER_CALLS = 2;

/** What runs a model's answering. Dispose it before the weights. */
export function answeringFunctions(execution?: ExecutionMode): AnsweringFunctions {
  return new GraphCache(execution, { limit: LIMIT, eagerCalls: EAGER_CALLS });
}

const described = (tensors: readonly Tensor[]): Described<null> => ({ tensors, description: null });

/**
 * Vision features of pixels [I, 3, S, S], the caller's.
 *
 * @param withView whether the tower's view of them is wanted too
 */
export function encodeImages(
  pixels: Tensor,
  { config, weights, functions }: AnsweringModel,
  withView: boolean,
): TowerOutput {
  const tower = [...weights].flatMap(([name, weight]) => (name.startsWith('vision_tower.') ? [weight] : []));
  const signature = `images ${pixels.shape.join()} ${String(withView)}`;
  const [features, attention, keys] = functions.run(signature, [pixels, ...tower], () => {
    const output = towerOutput(pixels, weights, config, withView);
    return described([output.features, output.attention, output.keys].filter((tensor) => tensor !== undefined));
  }).tensors;
  return { features: features as Tensor, ...(attention && { attention }), ...(keys && { keys }) };
}

/**
 * Runs prompts through the model. Call it in a `tf.tidy`.
 *
 * @returns keys and values of every layer, one after the other, then the logits [R, V] where they are wanted, then for
 *   every compression point where its rows went (int32 [B·T]) and the position ids after it (int32 [B·T′]); the tidy's
 */
export function prefill(
  batch: DeviceBatch,
  { config, weights }: AnsweringModel,
  shape: CacheShape,
  wantsLogits: boolean,
): Tensor[] {
  const blocks: Tensor[] = [];
  const keepingLayer: RunLayer = (x, layer, tables, attentionShape) => {
    const w = scoped(weights, `language_model.model.layers.${layer}`);
    const { q, k, v } = projections(x, w, config.text, tables);
    const block = promptBlock(shape, { k, v });
    blocks.push(tf.keep(block.k), tf.keep(block.v));
    // Nobody reads the last layer's states where no logits are wanted.
    if (!wantsLogits && layer === config.text.layers - 1) return x;
    return finishLayer(x, attention(q, k, v, attentionShape), w, config.text);
  };
  const made: Tensor[] = [];
  const observe: ObservePoint = (_, { assignment, positions }) => {
    // Outputs of their own: an input may be among them.
    made.push(tf.keep(reshape(assignment, [-1])), tf.keep(reshape(positions, [-1])));
  };
  try {
    return tf.tidy(() => {
      const embeddings = mergedEmbeddings(batch, weights, config, observe);
      const states = decode(embeddings, batch, weights, config, keepingLayer, observe);
      if (!wantsLogits) return [...blocks, ...made];
      return [...blocks, headLogits(states, batch.arrays['lastRows'] as Tensor, weights, config), ...made];
    });
  } catch (error) {
    tf.dispose([...blocks, ...made]);
    throw error;
  }
}

/** What a step of decoding is given beside the weights. */
export interface DecodeInputs {
  /** int32 [rows · n] */
  readonly tokens: Tensor;
  /** int32 [P, rows · n]: position ids, once for every way of counting them. */
  readonly positions: Tensor;
  /** [rows · kv, 1, n·C]: what each token sees of the own block. */
  readonly mask: Tensor;
  /** One-hot [1, C, 1]. */
  readonly slot: Tensor;
  /** int32 [rows]: each row's last real token. */
  readonly last: Tensor;
}

/** The caches that a step of decoding reads, layer by layer. */
export interface DecodeCaches {
  readonly shape: CacheShape;
  readonly prompts: readonly KeysAndValues[];
  /** [R, 1, T] of each layer: hides padding. */
  readonly promptMasks: readonly Tensor[];
  /** Which of the P ways of counting positions each layer has. */
  readonly numbering: readonly number[];
  /** Absent before the first tokens behind the prompt. */
  readonly own: readonly KeysAndValues[] | undefined;
  /** Slots C. */
  readonly capacity: number;
}

/** Of each way of counting positions. */
function tablesOf(positions: Tensor, { text }: LlavaConfig): RotaryTables[] {
  const [ways, tokens] = positions.shape as [number, number];
  return Array.from({ length: ways }, (_, way) =>
    rotaryTables(reshape(slice(positions, [way, 0], [1, tokens]), [tokens]), text),
  );
}

/**
 * Goes on with n tokens in every row.
 *
 * @returns keys and values of every layer's new own block, one after the other, then the logits [rows, V]; the caller's
 */
export function decodeTokens(
  inputs: DecodeInputs,
  caches: DecodeCaches,
  { config, weights }: Pick<AnsweringModel, 'config' | 'weights'>,
): Tensor[] {
  const { shape, capacity } = caches;
  const count = inputs.tokens.shape[0] / (shape.prompts * shape.continuations);
  const blocks: Tensor[] = [];
  const logits = tf.tidy(() => {
    let x = gatherRows(scoped(weights, 'language_model.model')('embed_tokens.weight'), inputs.tokens);
    const tables = tablesOf(inputs.positions, config);
    caches.prompts.forEach((prompt, layer) => {
      const w = scoped(weights, `language_model.model.layers.${layer}`);
      const masks = { prompt: caches.promptMasks[layer] as Tensor, own: inputs.mask };
      x = next(x, (state) => {
        const { q, k, v } = projections(
          state,
          w,
          config.text,
          tables[caches.numbering[layer] as number] as RotaryTables,
        );
        const own = appended(shape, caches.own?.[layer], { k, v }, { count, capacity, slot: inputs.slot });
        blocks.push(tf.keep(own.k), tf.keep(own.v));
        return finishLayer(state, cachedAttention(q, { shape, prompt, own }, count, masks), w, config.text);
      });
    });
    return headLogits(x, inputs.last, weights, config);
  });
  return [...blocks, logits];
}

/** Pairs of a list: [k0, v0, k1, v1, …] → [{k0, v0}, …]. */
export function pairs(blocks: readonly Tensor[]): KeysAndValues[] {
  return Array.from({ length: blocks.length >> 1 }, (_, i) => ({
    k: blocks[2 * i] as Tensor,
    v: blocks[2 * i + 1] as Tensor,
  }));
}
