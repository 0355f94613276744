/**
 * Answering with a key-value cache: the prompts are compressed once, in the prefill; new tokens never are. The cache of
 * layers below K holds whole prompts, that of the others compressed ones.
 */
import { withDeviceArrays, type HostArrays } from '../backend/host-arrays.ts';
import { tf, type Tensor } from '../backend/tensorflow.ts';
import type { PlannedPoint } from '../compressor/compressor.ts';
import { compressorNamed } from '../compressor/compressors.ts';
import type { LayoutRow, SequenceLayout } from '../compressor/sequence-layout.ts';
import { plannedPoints, type BatchPlan, type Segment } from '../model/batch-plan.ts';
import { batchTensors, signatureOf } from '../model/device-batch.ts';
import type { DeviceBatch } from '../model/llava.ts';
import {
  decodeTokens,
  pairs,
  prefill,
  type AnsweringModel,
  type DecodeCaches,
  type DecodeInputs,
} from './answering-functions.ts';
import { ContinuationState, HIDDEN } from './continuation-state.ts';
import { grown, type CacheShape, type KeysAndValues } from './kv-cache.ts';

/** 0 where a prompt has a token, HIDDEN where it has padding: [R, 1, T]. */
function promptMask({ rows, paddedLength }: SequenceLayout): Tensor {
  const mask = new Float32Array(rows.length * paddedLength);
  rows.forEach(({ length }, row) => mask.fill(HIDDEN, row * paddedLength + length, (row + 1) * paddedLength));
  return tf.tensor(mask, [rows.length, 1, paddedLength]);
}

function disposeBlocks(blocks: readonly KeysAndValues[]): void {
  tf.dispose(blocks.flatMap(({ k, v }) => [k, v]));
}

const keptBlock = ({ k, v }: KeysAndValues): KeysAndValues => ({ k: tf.keep(k), v: tf.keep(v) });

/** What a compression point made of the prompts. */
export interface PointResult {
  readonly planned: PlannedPoint;
  /** [B·T]: the row after the point that each row went into, −1 where it was dropped. */
  readonly assignment: Int32Array;
  /** [B·T′] */
  readonly positions: Int32Array;
}

/** From a layer on, the position id of each answer's first token. */
interface Numbering {
  readonly fromLayer: number;
  readonly starts: readonly number[];
}

/**
 * Text behind a prompt goes on counting where the prompt ended that its positions were counted in: the uncompressed one
 * (compressed before the decoder, it is the short one from the start), or the one that a compressor counted anew.
 */
function numberingsOf(segments: readonly Segment[], continuations: number): Numbering[] {
  const counted = segments.filter(({ point }) => !point || compressorNamed(point.compressor).renumbers);
  return counted.map(({ fromLayer, layout }) => ({
    fromLayer,
    starts: layout.rows.flatMap(({ length }) => Array<number>(continuations).fill(length)),
  }));
}

/** Prompts on the device with everything that was generated behind them. Dispose it when done. */
export class Session {
  /** [R, V]: logits behind each prompt's last token; absent where they were not asked for. */
  readonly promptLogits: Tensor | undefined;
  private readonly model: AnsweringModel;
  private readonly plan: BatchPlan;
  private readonly shape: CacheShape;
  /** The decoder's weights alone: the inputs of every step. */
  private readonly decoderWeights: readonly Tensor[];
  /** Of each layer. */
  private prompts: readonly KeysAndValues[] = [];
  private own: readonly KeysAndValues[] | undefined;
  /** Of each compression point: where its rows went, and the position ids after it. */
  private points: readonly Tensor[] = [];
  /** One for each segment. */
  private readonly promptMasks: readonly Tensor[];
  private readonly numberings: readonly Numbering[];
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
    this.plan = batch.plan;
    this.decoderWeights = [...model.weights].flatMap(([name, weight]) =>
      name.startsWith('language_model.') ? [weight] : [],
    );
    this.shape = { prompts: batch.plan.batch, continuations, heads, kvHeads, headDim };
    this.promptMasks = this.plan.segments.map(({ layout }) => tf.keep(tf.tidy(() => promptMask(layout))));
    this.numberings = numberingsOf(this.plan.segments, continuations);
    this.state = new ContinuationState(this.shape.prompts * continuations);
    try {
      this.promptLogits = this.prefill(batch, wantsLogits);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** The first prompt as it enters the decoder. */
  get entry(): LayoutRow {
    return this.plan.segments[0]?.layout.rows[0] as LayoutRow;
  }

  /** Answers in all: R·c. */
  get rows(): number {
    return this.shape.prompts * this.shape.continuations;
  }

  /** Tokens that each layer's cache holds of one row, padding left out. */
  cacheLengths(row: number): number[] {
    const prompt = Math.floor(row / this.shape.continuations);
    return this.prompts.map((_, layer) => {
      const { rows } = (this.plan.segments[this.segmentOf(layer)] as Segment).layout;
      return (rows[prompt]?.length ?? 0) + this.state.length(row);
    });
  }

  /** Position id of the token that a row is given next. */
  nextPosition(row: number): number {
    return this.state.positions((this.numberings[0] as Numbering).starts, 1)[row] as number;
  }

  /** What became of the visual tokens at every compression point, from host memory. Reads the device. */
  pointResults(): PointResult[] {
    return plannedPoints(this.plan).map((planned, i) => {
      const [assignment, positions] = this.points
        .slice(2 * i, 2 * i + 2)
        .map((tensor) => tensor.dataSync() as Int32Array);
      return { planned, assignment: assignment as Int32Array, positions: positions as Int32Array };
    });
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
    const positions = this.numberings.map(({ starts }) => [...this.state.positions(starts, count, lengths)]);
    const mask = this.repeatedOverHeads(this.state.take(count, lengths, this.capacity), count * this.capacity);
    const last = Int32Array.from(lengths, (length, row) => row * count + length - 1);
    const arrays = {
      tokens: { shape: [tokens.length], data: tokens },
      positions: { shape: [positions.length, tokens.length], data: Int32Array.from(positions.flat()) },
      mask: { shape: [this.rows * this.shape.kvHeads, 1, count * this.capacity], data: mask },
      slot: { shape: [1, this.capacity, 1], data: slot },
      last: { shape: [last.length], data: last },
    };
    return this.decode(arrays);
  }

  dispose(): void {
    disposeBlocks(this.prompts);
    disposeBlocks(this.own ?? []);
    this.prompts = [];
    this.own = undefined;
    tf.dispose([...this.promptMasks, ...this.points]);
    this.promptLogits?.dispose();
  }

  private prefill(batch: DeviceBatch, wantsLogits: boolean): Tensor | undefined {
    const { weights, functions } = this.model;
    const signature = `prefill ${String(wantsLogits)} ${signatureOf(batch)}`;
    const { tensors } = functions.run(signature, [...batchTensors(batch), ...weights.values()], () => ({
      tensors: prefill(batch, this.model, this.shape, wantsLogits),
      description: null,
    }));
    for (const tensor of tensors) tf.keep(tensor);
    const blocks = 2 * this.model.config.text.layers;
    this.prompts = pairs(tensors.slice(0, blocks));
    this.points = tensors.slice(wantsLogits ? blocks + 1 : blocks);
    return wantsLogits ? tensors[blocks] : undefined;
  }

  private decode(arrays: HostArrays): Tensor {
    const { shape, prompts, own, capacity } = this;
    const promptMasks = prompts.map((_, layer) => this.promptMasks[this.segmentOf(layer)] as Tensor);
    const numbering = prompts.map((_, layer) => this.numberings.findLastIndex(({ fromLayer }) => fromLayer <= layer));
    const caches: DecodeCaches = { shape, prompts, promptMasks, numbering, own, capacity };
    const tensors = withDeviceArrays(arrays, (device) => {
      const inputs = device as unknown as DecodeInputs;
      const blocks = [...prompts, ...(own ?? [])].flatMap(({ k, v }) => [k, v]);
      const all = [...Object.values(device), ...this.promptMasks, ...blocks, ...this.decoderWeights];
      return this.model.functions.run(this.decodeSignature(inputs), all, () => ({
        tensors: decodeTokens(inputs, caches, this.model),
        description: null,
      })).tensors;
    });
    disposeBlocks(own ?? []);
    const logits = tensors.at(-1) as Tensor;
    this.own = pairs(tensors.slice(0, -1).map((block) => tf.keep(block)));
    return logits;
  }

  /** Everything a step of decoding depends on besides values: rows, prompt lengths by layer, slots, tokens at once. */
  private decodeSignature({ tokens }: DecodeInputs): string {
    const { prompts, continuations } = this.shape;
    const lengths = this.plan.segments.map(({ fromLayer, layout }) => [fromLayer, layout.paddedLength]);
    const counted = this.numberings.map(({ fromLayer }) => fromLayer);
    const sizes = [prompts, continuations, tokens.shape[0], this.capacity, this.own === undefined];
    return `decode ${JSON.stringify([sizes, lengths, counted])}`;
  }

  private makeRoom(count: number): void {
    if (this.capacity === 0) this.capacity = ContinuationState.capacityFor(count);
    if (this.state.used + count <= this.capacity) return;
    // Doubling keeps the number of shapes small over a long answer.
    this.capacity *= 2;
    const before = this.own ?? [];
    this.own = before.map((block) => keptBlock(grown(block, this.capacity)));
    disposeBlocks(before);
  }

  private segmentOf(layer: number): number {
    return this.plan.segments.findLastIndex(({ fromLayer }) => fromLayer <= layer);
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
