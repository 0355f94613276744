/**
 * Answering with a key-value cache: the prompts are compressed once, in the prefill; new tokens never are. The cache of
 * layers below K holds whole prompts, that of the others compressed ones.
 */
import { tf, type Tensor } from '../backend/tensorflow.ts';
import { withDeviceArrays } from '../backend/host-arrays.ts';
import { attention } from '../backend/ops/attention.ts';
import { gatherRows } from '../backend/ops/rows.ts';
import type { SequenceLayout } from '../compressor/sequence-layout.ts';
import type { Segment } from '../model/batch-plan.ts';
import type { LlavaConfig } from '../model/config.ts';
import { finishLayer, projections, rotaryTables } from '../model/decoder.ts';
import { decode, headLogits, mergedEmbeddings, type DeviceBatch, type RunLayer } from '../model/llava.ts';
import { next } from '../model/vision-encoder.ts';
import { scoped, type Weights } from '../model/weights.ts';
import { cachedAttention } from './cached-attention.ts';
import { ContinuationState, HIDDEN } from './continuation-state.ts';
import { LayerCache, type CacheShape } from './kv-cache.ts';

/** A model that answers: its weights must stay alive as long as its sessions. */
export interface AnsweringModel {
  readonly config: LlavaConfig;
  readonly weights: Weights;
}

/** 0 where a prompt has a token, HIDDEN where it has padding: [R, 1, T]. */
function promptMask({ rows, paddedLength }: SequenceLayout): Tensor {
  const mask = new Float32Array(rows.length * paddedLength);
  rows.forEach(({ length }, row) => mask.fill(HIDDEN, row * paddedLength + length, (row + 1) * paddedLength));
  return tf.tensor(mask, [rows.length, 1, paddedLength]);
}

/** Prompts on the device with everything that was generated behind them. Dispose it when done. */
export class Session {
  /** [R, V]: logits behind each prompt's last token; absent where they were not asked for. */
  readonly promptLogits: Tensor | undefined;
  private readonly model: AnsweringModel;
  private readonly segments: readonly Segment[];
  private readonly shape: CacheShape;
  private readonly layers: LayerCache[] = [];
  /** One for each segment. */
  private readonly promptMasks: readonly Tensor[];
  private readonly state: ContinuationState;
  private capacity = 0;

  /**
   * Runs the prompts through the model.
   *
   * @param continuations how many answers (or questions) each prompt will go on with
   * @param wantsLogits false where the prompt is only a beginning that all continuations share
   */
  constructor(batch: DeviceBatch, model: AnsweringModel, continuations = 1, wantsLogits = true) {
    const { heads, kvHeads, headDim } = model.config.text;
    this.model = model;
    this.segments = batch.plan.segments;
    this.shape = { prompts: batch.plan.batch, continuations, heads, kvHeads, headDim };
    this.promptMasks = this.segments.map(({ layout }) => tf.keep(tf.tidy(() => promptMask(layout))));
    // Text behind the prompt goes on counting where the uncompressed prompt ends; pooled before the decoder, the
    // prompt is the short one from the start.
    const starts = (this.segments[0] as Segment).layout.rows.flatMap(({ length }) =>
      Array<number>(continuations).fill(length),
    );
    this.state = new ContinuationState(starts);
    try {
      this.promptLogits = this.prefill(batch, wantsLogits);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Answers in all: R·c. */
  get rows(): number {
    return this.shape.prompts * this.shape.continuations;
  }

  /** Tokens that each layer's cache holds of one row, padding left out. */
  cacheLengths(row: number): number[] {
    const prompt = Math.floor(row / this.shape.continuations);
    return this.layers.map((_, layer) => {
      const { rows } = (this.segments[this.segmentOf(layer)] as Segment).layout;
      return (rows[prompt]?.length ?? 0) + this.state.length(row);
    });
  }

  /** Position id of the token that a row is given next. */
  nextPosition(row: number): number {
    return this.state.positions(1)[row] as number;
  }

  /** Bytes of keys and values of the tokens in the cache (float32), padding left out. */
  cacheBytes(): number {
    const perToken = 2 * 4 * this.shape.kvHeads * this.shape.headDim;
    let tokens = 0;
    for (let row = 0; row < this.rows; row++) tokens += this.cacheLengths(row).reduce((a, b) => a + b, 0);
    return perToken * tokens;
  }

  /**
   * Goes on with n tokens in every row. Several at once only the first time.
   *
   * @param tokens [rows · n] ids; what lies behind `lengths` is padding
   * @param lengths real tokens of each row, 1 … n
   * @returns [rows, V], logits behind each row's last real token; the caller disposes them
   */
  extend(tokens: Int32Array, lengths: readonly number[] = Array<number>(this.rows).fill(1)): Tensor {
    const count = tokens.length / this.rows;
    if (count > 1 && this.state.used > 0) throw new Error('several tokens at once can only be the first ones');
    this.makeRoom(count);
    const slot = new Float32Array(this.capacity);
    slot[this.state.used] = 1;
    const positions = this.state.positions(count);
    const mask = this.repeatedOverHeads(this.state.take(count, lengths, this.capacity), count * this.capacity);
    const last = Int32Array.from(lengths, (length, row) => row * count + length - 1);
    const arrays = {
      tokens: { shape: [tokens.length], data: tokens },
      positions: { shape: [positions.length], data: positions },
      mask: { shape: [this.rows * this.shape.kvHeads, 1, count * this.capacity], data: mask },
      slot: { shape: [1, this.capacity, 1], data: slot },
      last: { shape: [last.length], data: last },
    };
    return withDeviceArrays(arrays, (device) =>
      tf.tidy(() => this.decodeTokens(device as Record<keyof typeof arrays, Tensor>, count)),
    );
  }

  dispose(): void {
    for (const layer of this.layers) layer.dispose();
    this.layers.length = 0;
    tf.dispose([...this.promptMasks]);
    this.promptLogits?.dispose();
  }

  private prefill(batch: DeviceBatch, wantsLogits: boolean): Tensor | undefined {
    const { config, weights } = this.model;
    const keepingLayer: RunLayer = (x, layer, tables, shape) => {
      const w = scoped(weights, `language_model.model.layers.${layer}`);
      const { q, k, v } = projections(x, w, config.text, tables);
      this.layers.push(new LayerCache(this.shape, { k, v }));
      // Nobody reads the last layer's states where no logits are wanted.
      if (!wantsLogits && layer === config.text.layers - 1) return x;
      return finishLayer(x, attention(q, k, v, shape), w, config.text);
    };
    const logits = tf.tidy(() => {
      const states = decode(mergedEmbeddings(batch, weights, config), batch, weights, config, keepingLayer);
      return wantsLogits ? [headLogits(states, batch.arrays['lastRows'] as Tensor, weights, config)] : [];
    });
    return logits[0] && tf.keep(logits[0]);
  }

  private decodeTokens(
    device: Record<'tokens' | 'positions' | 'mask' | 'slot' | 'last', Tensor>,
    count: number,
  ): Tensor {
    const { config, weights } = this.model;
    let x = gatherRows(scoped(weights, 'language_model.model')('embed_tokens.weight'), device.tokens);
    const tables = rotaryTables(device.positions, config.text);
    this.layers.forEach((cache, layer) => {
      const w = scoped(weights, `language_model.model.layers.${layer}`);
      const masks = { prompt: this.promptMasks[this.segmentOf(layer)] as Tensor, own: device.mask };
      x = next(x, (state) => {
        const { q, k, v } = projections(state, w, config.text, tables);
        cache.append({ k, v }, count, device.slot, this.capacity);
        return finishLayer(state, cachedAttention(q, cache, count, masks), w, config.text);
      });
    });
    return headLogits(x, device.last, weights, config);
  }

  private makeRoom(count: number): void {
    if (this.capacity === 0) this.capacity = ContinuationState.capacityFor(count);
    if (this.state.used + count <= this.capacity) return;
    // Doubling keeps the number of shapes small over a long answer.
    this.capacity *= 2;
    for (const layer of this.layers) layer.grow(this.capacity);
  }

  private segmentOf(layer: number): number {
    return this.segments.findLastIndex(({ fromLayer }) => fromLayer <= layer);
  }

  /** [R·c, width] → [R·kv·c, width], the order of the cache's rows. */
  private repeatedOverHeads(values: Float32Array, width: number): Float32Array {
    const { prompts, continuations, kvHeads } = this.shape;
    const perPrompt = continuations * width;
    const repeated = new Float32Array(values.length * kvHeads);
    for (let row = 0; row < prompts * kvHeads; row++) {
      const from = Math.floor(row / kvHeads) * perPrompt;
      repeated.set(values.subarray(from, from + perPrompt), row * perPrompt);
    }
    return repeated;
  }
}
