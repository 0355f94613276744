import { type BrokenSample, MODALITIES } from '../../../shared/dataset.ts';
import type { SampleFacts, Samples } from './dataset-reader.ts';
import {
  conversationPart,
  type EncodedSample,
  type EncodeOptions,
  encodeSample,
  rowsOfConversation,
} from './encode.ts';
import { sampleChecker } from './sample-check.ts';

/** Training rows by index. Rows are encoded when asked for; what batches are grouped by is known beforehand. */
export interface TrainingRows {
  readonly length: number;
  /** Estimated tokens per row, for grouping rows of like length. */
  readonly lengths: Int32Array;
  /** Index into `MODALITIES` per row. */
  readonly modalities: Uint8Array;
  /** @throws InputError where the sample has changed. */
  encode(index: number): EncodedSample;
}

/** Subword tokenizers on English, roughly: lengths are for grouping only. */
const BYTES_PER_TOKEN = 4;

/**
 * Prepares the rows of a dataset: which sample and turn each is, about how long, of which modality. About 13 bytes a row.
 * @param indices the samples to use (a split); default all
 * @returns the rows; the samples left out because not even their first turn fits into `maxLength`; and those that the
 *   chat template cannot write or whose image tokens and images do not match
 */
export function trainingRows(
  samples: Samples,
  options: EncodeOptions,
  indices: Int32Array = Int32Array.from({ length: samples.length }, (_, i) => i),
): {
  readonly rows: TrainingRows;
  readonly tooLong: readonly BrokenSample[];
  readonly mismatched: readonly BrokenSample[];
} {
  const rowsOf = (facts: SampleFacts): number => rowsOfConversation(facts.turns, options.turns);
  const rows = new RowTable(
    samples,
    options,
    indices.reduce((sum, index) => sum + rowsOf(samples.facts(index)), 0),
  );
  const tooLong: BrokenSample[] = [];
  const mismatched: BrokenSample[] = [];
  const check = sampleChecker(options);
  for (const index of indices) {
    const facts = samples.facts(index);
    const sample = samples.get(index);
    const broken = (reason: string): BrokenSample => ({ index: facts.record, id: sample.id, line: facts.line, reason });
    const problem = check(sample);
    if (problem) (problem.kind === 'mismatch' ? mismatched : tooLong).push(broken(problem.reason));
    else rows.add(index, facts, rowsOf(facts));
  }
  return { rows, tooLong, mismatched };
}

class RowTable implements TrainingRows {
  length = 0;
  private readonly samples: Samples;
  private readonly options: EncodeOptions;
  private readonly sampleOf: Int32Array;
  private readonly partOf: Uint32Array;
  private readonly allLengths: Int32Array;
  private readonly allModalities: Uint8Array;

  constructor(samples: Samples, options: EncodeOptions, capacity: number) {
    this.samples = samples;
    this.options = options;
    this.sampleOf = new Int32Array(capacity);
    this.partOf = new Uint32Array(capacity);
    this.allLengths = new Int32Array(capacity);
    this.allModalities = new Uint8Array(capacity);
  }

  get lengths(): Int32Array {
    return this.allLengths.subarray(0, this.length);
  }

  get modalities(): Uint8Array {
    return this.allModalities.subarray(0, this.length);
  }

  add(sample: number, { groups, textBytes, modality }: SampleFacts, rows: number): void {
    const { visualTokens, maxLength } = this.options;
    const length = groups * visualTokens + Math.ceil(textBytes / BYTES_PER_TOKEN / rows);
    for (let part = 0; part < rows; part++) {
      this.sampleOf[this.length] = sample;
      this.partOf[this.length] = part;
      this.allLengths[this.length] = Math.min(maxLength, length);
      this.allModalities[this.length] = MODALITIES.indexOf(modality);
      this.length++;
    }
  }

  encode(index: number): EncodedSample {
    if (!Number.isInteger(index) || index < 0 || index >= this.length)
      throw new RangeError(`no row ${index} of ${this.length}`);
    const sample = this.samples.get(this.sampleOf[index] as number);
    return encodeSample(conversationPart(sample, this.partOf[index] as number, this.options.turns), this.options);
  }
}
