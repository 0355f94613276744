/** Which words of a question rate the tokens of an image (SparseVLM). */
import type { DeviceArrays, HostArrays } from '../backend/host-arrays.ts';
import { add, batchMatMul, div, gather, isAtLeast, mul, reshape, scale, softmax, sum } from '../backend/kernels.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import { flatQueries } from './attention-ranking.ts';
import type { PlannedPoint } from './compressor.ts';
import type { LayoutGroup, LayoutRow } from './sequence-layout.ts';

/** Text behind a group up to the answer; where there is none, the last token before the answer. */
function wordsOf({ origin, answers, length }: LayoutRow, group: LayoutGroup): number[] {
  const end = group.start + group.length;
  const until = answers.find((place) => place >= end) ?? length;
  const words = Array.from({ length: until - end }, (_, i) => end + i).filter((t) => (origin[t] as number) >= 0);
  return words.length > 0 ? words : [until - 1];
}

/** Added to the relevance of what is no word of the group's question. */
const ABSENT = -1e9;
/** What rounding may take from the largest of equal relevances. */
const TOLERANCE = 1 - 1e-6;

/**
 * Arrays of G groups of at most N tokens, and of at most Q words in each row of the batch:
 *
 * - `queries` int32 [B·Q]: flat rows of the words · `words` int32 [G, Q]: those of the group's row
 * - `wordless` [G, 1, Q]: 0, and −1e9 where a word does not belong to the group's question
 * - `isWord` [G, Q]: 1, and 0 there · `perWord` [G, 1]: 1 / words of the question
 * - `perToken` [G, N, 1]: 1 / tokens of the group, 0 where it has no such token
 * - `rated` int32 [G, Q, N]: where each word's attention to each token stands in a flat [B, Q, T]
 */
export function raterArrays({ before }: PlannedPoint): HostArrays {
  const groups = before.rows.flatMap((layout, row) =>
    layout.groups.map((group) => ({ row, group, words: wordsOf(layout, group) })),
  );
  const places = before.rows.map((_, b) => [
    ...new Set(groups.filter(({ row }) => row === b).flatMap(({ words }) => words)),
  ]);
  const count = Math.max(1, ...places.map(({ length }) => length));
  const longest = Math.max(1, ...groups.map(({ group }) => group.length));
  const size = Math.max(groups.length, 1);
  const queries = flatQueries(before, count, (b, i) => places[b]?.[i] ?? 0);
  const words = new Int32Array(size * count);
  const wordless = new Float32Array(size * count).fill(ABSENT);
  // Without any group there is one that nobody looks at, and its shares are sums of something too.
  const isWord = new Float32Array(size * count).fill(groups.length > 0 ? 0 : 1);
  const perWord = new Float32Array(size).fill(1);
  const perToken = new Float32Array(size * longest);
  const rated = new Int32Array(size * count * longest);
  groups.forEach(({ row, group, words: own }, g) => {
    words.set((queries?.data as Int32Array).subarray(row * count, (row + 1) * count), g * count);
    perWord[g] = 1 / own.length;
    perToken.fill(1 / group.length, g * longest, g * longest + group.length);
    for (const place of own) {
      const q = places[row]?.indexOf(place) ?? 0;
      wordless[g * count + q] = 0;
      isWord[g * count + q] = 1;
    }
    for (let q = 0; q < count; q++) {
      const [at, from] = [(g * count + q) * longest, (row * count + q) * before.paddedLength + group.start];
      for (let i = 0; i < group.length; i++) rated[at + i] = from + i;
    }
  });
  return {
    ...(queries && { queries }),
    words: { shape: [size, count], data: words },
    wordless: { shape: [size, 1, count], data: wordless },
    isWord: { shape: [size, count], data: isWord },
    perWord: { shape: [size, 1], data: perWord },
    perToken: { shape: [size, longest, 1], data: perToken },
    rated: { shape: [size, count, longest], data: rated },
  };
}

/** Shares of the raters: 1 / raters of the group for a word that rates, else 0: [G, Q]. */
function raterShares(states: Tensor, arrays: DeviceArrays): Tensor {
  const { members, words, wordless, isWord, perWord, perToken } = arrays as Record<string, Tensor>;
  const [tokens, text] = [gather(states, members as Tensor), gather(states, words as Tensor)];
  const products = batchMatMul(tokens, text, { transposeB: true }); // [G, N, Q]
  const relevance = sum(mul(softmax(add(products, wordless as Tensor)), perToken as Tensor), 1);
  const average = mul(sum(relevance, 1, true), perWord as Tensor);
  const isRater = mul(isAtLeast(relevance, scale(average, TOLERANCE)), isWord as Tensor);
  return div(isRater, sum(isRater, 1, true));
}

/**
 * Mean attention that each token gets from the raters of its group: the words whose relevance to the image, a softmax
 * over the question's words for every token, then the mean over tokens, is at least the average word's.
 *
 * @param states [B·T, D] · @param attention [B, Q, T] of the plan's `queries`
 * @returns [G, N]
 */
export function ratings(states: Tensor, attention: Tensor, arrays: DeviceArrays): Tensor {
  const shares = raterShares(states, arrays);
  const [groups, words] = shares.shape as [number, number];
  const received = gather(reshape(attention, [-1]), arrays['rated'] as Tensor); // [G, Q, N]
  return sum(mul(received, reshape(shares, [groups, words, 1])), 1);
}
