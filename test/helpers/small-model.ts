import { fileURLToPath } from 'node:url';
import { GraphCache } from '../../src/main/engine/backend/graph/graph-function.ts';
import { tf } from '../../src/main/engine/backend/tensorflow.ts';
import type { EncodedRow } from '../../src/main/engine/data/batch.ts';
import { IGNORED_LABEL } from '../../src/main/engine/data/batch.ts';
import type { AnsweringFunctions } from '../../src/main/engine/generate/answering-functions.ts';
import { greedyTokens } from '../../src/main/engine/generate/sampling.ts';
import { Session } from '../../src/main/engine/generate/session.ts';
import { planBatch } from '../../src/main/engine/model/batch-plan.ts';
import type { LlavaConfig } from '../../src/main/engine/model/config.ts';
import { withDeviceBatch } from '../../src/main/engine/model/device-batch.ts';
import { decode, headLogits, mergedEmbeddings, type DeviceBatch } from '../../src/main/engine/model/llava.ts';
import { loadModelFolder } from '../../src/main/engine/model/model-folder.ts';
import { Parameters } from '../../src/main/engine/model/parameters.ts';
import type { Weights } from '../../src/main/engine/model/weights.ts';
import type { Compression } from '../../src/shared/compression.ts';
import type { ExecutionMode } from '../../src/shared/execution-mode.ts';
import { type Random } from '../../src/shared/random.ts';

/** The reference model of test/golden/small-case: 64 visual tokens, 6 layers, two query heads to a key head. */
export const SMALL_MODEL = fileURLToPath(new URL('../golden/small-case/model', import.meta.url));
const VISUAL_TOKENS = 64;
const IMAGE_TOKEN = 599;
const FIRST_WORD = 10;
const WORDS = 500;

/** A model in a test. Dispose it when done. */
export interface SmallModel {
  readonly config: LlavaConfig;
  readonly weights: Weights;
  readonly functions: AnsweringFunctions;
  dispose(): void;
}

/** @param execution in graph mode everything is recorded from its first call on */
export async function smallModel(execution: ExecutionMode = 'graph'): Promise<SmallModel> {
  const { config, weights: host } = await loadModelFolder(SMALL_MODEL);
  const parameters = new Parameters(host);
  const { weights, release } = parameters.borrow();
  const functions: AnsweringFunctions = new GraphCache(execution);
  const dispose = (): void => {
    functions.dispose();
    release();
    parameters.dispose();
  };
  return { config, weights, functions, dispose };
}

/**
 * A row of random words with images at given places.
 *
 * @param shape words before, between and behind the images: [5, 7] is 5 words, an image, 7 words; [4] has no image
 */
export function randomRow(random: Random, shape: readonly number[]): EncodedRow {
  const ids: number[] = [];
  const groups: { start: number; length: number }[] = [];
  shape.forEach((words, i) => {
    if (i > 0) {
      groups.push({ start: ids.length, length: VISUAL_TOKENS });
      for (let t = 0; t < VISUAL_TOKENS; t++) ids.push(IMAGE_TOKEN);
    }
    for (let t = 0; t < words; t++) ids.push(FIRST_WORD + random.integer(WORDS));
  });
  const tokenIds = Int32Array.from(ids);
  return { id: shape.join('+'), tokenIds, labels: tokenIds.map(() => IGNORED_LABEL), groups };
}

/** Random pixels of the images of some rows. */
export function randomPixels(random: Random, rows: readonly EncodedRow[], { vision }: LlavaConfig): Float32Array {
  const images = rows.reduce((count, { groups }) => count + groups.length, 0);
  return Float32Array.from({ length: images * 3 * vision.imageSize ** 2 }, () => random.normal());
}

/** Runs `use` on a batch of rows with their pixels. */
export function withRows<T>(
  rows: readonly EncodedRow[],
  pixels: Float32Array,
  compression: Compression,
  { config }: SmallModel,
  use: (batch: DeviceBatch) => T,
): T {
  const vision = { pixels, imageSize: config.vision.imageSize };
  return withDeviceBatch(planBatch(rows, compression), pixels.length > 0 ? vision : undefined, use);
}

/** Logits behind a row's last token by a forward pass over all of it, without a cache: [V]. */
export function fullForward(
  row: EncodedRow,
  pixels: Float32Array,
  compression: Compression,
  model: SmallModel,
): Float32Array {
  return withRows([row], pixels, compression, model, (batch) => {
    const { config, weights } = model;
    const logits = tf.tidy(() => {
      const states = decode(mergedEmbeddings(batch, weights, config), batch, weights, config);
      return headLogits(states, batch.arrays['lastRows']!, weights, config);
    });
    const values = (logits.dataSync() as Float32Array).slice();
    logits.dispose();
    return values;
  });
}

/** A row with more tokens behind it. */
export function extendedRow(row: EncodedRow, more: readonly number[]): EncodedRow {
  const tokenIds = Int32Array.from([...row.tokenIds, ...more]);
  return { ...row, tokenIds, labels: tokenIds.map(() => IGNORED_LABEL) };
}

/** A row with an answer behind it: the same tokens, but what ranks by a question knows where it ends. */
export function answeredRow(row: EncodedRow, answer: readonly number[]): EncodedRow {
  const extended = extendedRow(row, answer);
  return {
    ...extended,
    labels: extended.labels.map((label, t) =>
      t < row.tokenIds.length ? label : (answer[t - row.tokenIds.length] as number),
    ),
  };
}

/** Greedy tokens of a batch of prompts by row, and each step's logits. */
export function greedyWithLogits(
  rows: readonly EncodedRow[],
  pixels: Float32Array,
  compression: Compression,
  count: number,
  model: SmallModel,
): { ids: number[][]; logits: Float32Array[] } {
  return withRows(rows, pixels, compression, model, (batch) => {
    const session = new Session(batch, model);
    const ids: number[][] = rows.map(() => []);
    const logits: Float32Array[] = [];
    let behind = session.promptLogits!;
    for (let step = 0; ; step++) {
      logits.push((behind.dataSync() as Float32Array).slice());
      const next = greedyTokens(behind);
      next.forEach((id, row) => ids[row]!.push(id));
      if (behind !== session.promptLogits) behind.dispose();
      if (step + 1 === count) break;
      behind = session.extend(next);
    }
    session.dispose();
    return { ids, logits };
  });
}
