import type { AttentionJob } from '../../../shared/attention-study.ts';
import { InputError } from '../../../shared/errors.ts';
import { visualTokensPerLayer, type Compression } from '../../../shared/compression.ts';
import type { EncodedRow } from '../data/batch.ts';
import { brokenSamplesError, readDataset, type Sample, type Samples } from '../data/dataset-reader.ts';
import { encodeSample, openingTokens, singleTurn } from '../data/encode.ts';
import type { LoadedModel } from '../generate/loaded-model.ts';
import { visualTokensPerImage } from '../model/config.ts';
import { checkTower } from '../model/tower-view.ts';
import { kindRow, type KindRow } from './attention-by-kind.ts';

/** One question with its right answer, ready for the model. */
export interface AttentionSample {
  readonly row: EncodedRow;
  readonly kinds: KindRow;
  /** Absolute path per visual group. */
  readonly images: readonly string[];
}

/** A question of the k-th drawn conversation: its k-th, counted from the first that has a picture, round and round. */
function questionOf(sample: Sample, k: number): Sample {
  const first = sample.turns.findIndex(({ media }) => media > 0);
  return singleTurn(sample, first + (k % (sample.turns.length - first)));
}

/** Conversations with pictures, spread evenly over the data, and of each one question. */
function drawQuestions(samples: Samples, count: number): Sample[] {
  const shown = Array.from({ length: samples.length }, (_, i) => i).filter((i) => samples.facts(i).groups > 0);
  const drawn = Math.min(count, shown.length);
  return Array.from({ length: drawn }, (_, k) =>
    questionOf(samples.get(shown[Math.floor((k * shown.length) / drawn)] as number), k),
  );
}

/**
 * Reads the questions that are looked at.
 *
 * @throws InputError where samples are broken and not to be left out, where none shows a picture, and where the compression fits neither decoder nor images
 */
export function attentionSamples(
  { data, images, samples: count, leavesOutBroken }: Omit<AttentionJob, 'kind' | 'model' | 'compression'>,
  compression: Compression,
  { config, template }: LoadedModel,
): AttentionSample[] {
  checkTower(compression, config);
  const { samples, broken } = readDataset(data, images === undefined ? {} : { images });
  try {
    if (broken.length > 0 && !leavesOutBroken) throw brokenSamplesError(data, broken);
    const options = { template, visualTokens: visualTokensPerImage(config) };
    const drawn = drawQuestions(samples, count);
    if (drawn.length === 0) throw new InputError({ file: data, rule: 'has no question about a picture' });
    return drawn.map((sample) => {
      const { row, images: shown } = encodeSample(sample, { ...options, maxLength: Infinity, turns: 'multi' });
      const lengths = row.groups.map(({ length }) => length);
      visualTokensPerLayer(lengths, config.text.layers, compression);
      return { row, kinds: kindRow(row, openingTokens(sample, options)), images: shown };
    });
  } finally {
    samples.close();
  }
}

/** Padded tokens of a batch at most, so that memory does not grow with the number of samples. */
const BATCH_TOKENS = 8192;
const BATCH_ROWS = 16;

/** Samples that go through the model at once, in the order given. */
export function batchSamples(samples: readonly AttentionSample[]): AttentionSample[][] {
  const batches: AttentionSample[][] = [];
  let longest = 0;
  for (const sample of samples) {
    const batch = batches.at(-1);
    longest = Math.max(longest, sample.row.tokenIds.length);
    if (batch && batch.length < BATCH_ROWS && (batch.length + 1) * longest <= BATCH_TOKENS) batch.push(sample);
    else {
      batches.push([sample]);
      longest = sample.row.tokenIds.length;
    }
  }
  return batches;
}
