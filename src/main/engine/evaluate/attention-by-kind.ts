/** Attention that answers pay to visual tokens, question and system prompt (paper, Fig. 1b), for one batch. */
import { TOKEN_KINDS, type TokenKind } from '../../../shared/attention-study.ts';
import { batchMatMul } from '../backend/kernels.ts';
import { tf } from '../backend/tensorflow.ts';
import type { LayoutRow, SequenceLayout } from '../compressor/sequence-layout.ts';
import { IGNORED_LABEL, type EncodedRow } from '../data/batch.ts';
import type { LlavaConfig } from '../model/config.ts';
import type { DeviceBatch } from '../model/llava.ts';
import type { Weights } from '../model/weights.ts';
import { listenToAttention, type LayerAttention } from './attention-share.ts';

type ByKind<T> = Readonly<Record<TokenKind, T>>;

const KIND_COUNT = TOKEN_KINDS.length;
const VISUAL = TOKEN_KINDS.indexOf('visual');

/** A row with what its tokens are. Places are those of the uncompressed row. */
export interface KindRow {
  /** [T] index of each token's kind in `TOKEN_KINDS`. */
  readonly kinds: Uint8Array;
  /** The tokens that ask, ascending; text. */
  readonly queries: readonly number[];
}

/** What the tokens of one row that ask pay to each kind at one layer: means over them. */
export interface KindAttention {
  /** Visual tokens of the row that reach the layer. */
  readonly visualTokens: number;
  /** Null where none of them has such a token before it. */
  readonly perToken: ByKind<number | null>;
  readonly share: ByKind<number>;
}

export function byKind<T>(of: (kind: TokenKind, index: number) => T): ByKind<T> {
  const [system, visual, question, answer] = TOKEN_KINDS.map(of) as [T, T, T, T];
  return { system, visual, question, answer };
}

/** Where the supervised tokens of a row are. */
export const supervisedPlaces = ({ labels }: EncodedRow): number[] =>
  Array.from(labels.keys()).filter((t) => labels[t] !== IGNORED_LABEL);

/**
 * A row of one question and its answer.
 *
 * @param opening tokens that stand before the user's first word or picture
 * @param queries places of the tokens that ask; by default those of the answer
 */
export function kindRow(row: EncodedRow, opening: number, queries: readonly number[] = supervisedPlaces(row)): KindRow {
  const answer = supervisedPlaces(row)[0] ?? row.tokenIds.length;
  const [system, question, said] = (['system', 'question', 'answer'] as const).map((kind) => TOKEN_KINDS.indexOf(kind));
  const kinds = Uint8Array.from(row.tokenIds, (_, t) => {
    if (t < opening) return system as number;
    return (t < answer ? question : said) as number;
  });
  for (const { start, length } of row.groups) kinds.fill(VISUAL, start, start + length);
  return { kinds, queries };
}

/** Kind of each token of a row as it stands at some layer. */
const kindsAt = ({ origin }: LayoutRow, { kinds }: KindRow): number[] =>
  Array.from(origin, (from) => (from < 0 ? VISUAL : (kinds[from] as number)));

function askedAt({ rows }: SequenceLayout, kindRows: readonly KindRow[]): number[][] {
  return rows.map(({ origin }, b) => {
    const place = new Map(Array.from(origin, (from, t) => [from, t]));
    return (kindRows[b] as KindRow).queries.map((query) => place.get(query) as number);
  });
}

/** One-hot kinds of all tokens, [B, T, kinds]; padding has none. */
function kindMatrix({ rows, paddedLength }: SequenceLayout, kinds: readonly number[][]): Float32Array {
  const matrix = new Float32Array(rows.length * paddedLength * KIND_COUNT);
  kinds.forEach((row, b) => row.forEach((kind, t) => (matrix[(b * paddedLength + t) * KIND_COUNT + kind] = 1)));
  return matrix;
}

/**
 * The means of one row.
 *
 * @param masses [queries, kinds], flat: attention that each asking token pays to each kind
 * @param kinds of the row's tokens
 * @param asked places of the asking tokens, ascending; each sees what stands up to itself
 */
export function meanAttention(
  masses: ArrayLike<number>,
  kinds: readonly number[],
  asked: readonly number[],
): KindAttention {
  const total = new Float64Array(KIND_COUNT);
  const perToken = new Float64Array(KIND_COUNT);
  const asking = new Uint32Array(KIND_COUNT);
  const seen = new Uint32Array(KIND_COUNT);
  let next = 0;
  asked.forEach((place, i) => {
    for (; next <= place; next++) (seen[kinds[next] as number] as number)++;
    for (let kind = 0; kind < KIND_COUNT; kind++) {
      const mass = masses[i * KIND_COUNT + kind] as number;
      total[kind] = (total[kind] as number) + mass;
      if (seen[kind] === 0) continue;
      perToken[kind] = (perToken[kind] as number) + mass / (seen[kind] as number);
      (asking[kind] as number)++;
    }
  });
  return {
    visualTokens: kinds.filter((kind) => kind === VISUAL).length,
    perToken: byKind((_, i) => (asking[i] ? (perToken[i] as number) / asking[i] : null)),
    share: byKind((_, i) => (total[i] as number) / asked.length),
  };
}

function layerMeans({ layout, asked, probabilities }: LayerAttention, rows: readonly KindRow[]): KindAttention[] {
  const kinds = layout.rows.map((row, b) => kindsAt(row, rows[b] as KindRow));
  const matrix = tf.tensor3d(kindMatrix(layout, kinds), [rows.length, layout.paddedLength, KIND_COUNT]);
  const masses = batchMatMul(probabilities, matrix); // [B, Q, kinds]
  const values = masses.dataSync() as Float32Array;
  const stride = (masses.shape[1] as number) * KIND_COUNT;
  return rows.map((_, b) =>
    meanAttention(values.subarray(b * stride, (b + 1) * stride), kinds[b] as number[], asked[b] as number[]),
  );
}

/**
 * What the asking tokens of every row pay to each kind of token, in every layer. Sums are taken on the device: the host
 * gets four numbers for each token that asks.
 *
 * @returns one list of rows for each decoder layer
 */
export function attentionByKind(
  batch: DeviceBatch,
  weights: Weights,
  config: LlavaConfig,
  rows: readonly KindRow[],
): KindAttention[][] {
  const found: KindAttention[][] = [];
  const asked = (layout: SequenceLayout): number[][] => askedAt(layout, rows);
  listenToAttention(batch, weights, config, asked, (attention) => found.push(layerMeans(attention, rows)));
  return found;
}
