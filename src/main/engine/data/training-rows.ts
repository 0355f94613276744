import { type BrokenSample, MODALITIES } from '../../../shared/dataset.ts';
import { InputError } from '../../../shared/errors.ts';
import type { Sample, SampleFacts, Samples } from './dataset-reader.ts';
import {
  conversationPart,
  conversationParts,
  type EncodedSample,
  type EncodeOptions,
  encodeSample,
  rowsOfConversation,
} from './encode.ts';

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

/**
 * What the written form adds at most, in bytes and so in tokens: "USER: ", " ASSISTANT: ", the end token and a space in
 * front of each text, per turn; a line break and such a space per picture.
 */
const TURN_OVERHEAD = 32;
const VISUAL_OVERHEAD = 4;
/** Subword tokenizers on English, roughly: lengths are for grouping only. */
const BYTES_PER_TOKEN = 4;

/**
 * Prepares the rows of a dataset: which sample and turn each is, about how long, of which modality. About 13 bytes a row.
 * @param indices the samples to use (a split); default all
 * @returns the rows, and the samples left out because not even their first turn fits into `maxLength`
 */
export function trainingRows(
  samples: Samples,
  options: EncodeOptions,
  indices: Int32Array = Int32Array.from({ length: samples.length }, (_, i) => i),
): { readonly rows: TrainingRows; readonly broken: readonly BrokenSample[] } {
  const rowsOf = (facts: SampleFacts): number => rowsOfConversation(facts.turns, options.turns);
  const rows = new RowTable(
    samples,
    options,
    indices.reduce((sum, index) => sum + rowsOf(samples.facts(index)), 0),
  );
  const broken: BrokenSample[] = [];
  for (const index of indices) {
    const facts = samples.facts(index);
    const problem = lengthProblem(samples, index, facts, options);
    if (problem) broken.push(problem);
    else rows.add(index, facts, rowsOf(facts));
  }
  return { rows, broken };
}

/** An upper bound: no tokenizer of ours makes more tokens than bytes. */
function mostTokens(texts: number, groups: number, turns: number, visualTokens: number): number {
  return texts + groups * (visualTokens + VISUAL_OVERHEAD) + (turns + 1) * TURN_OVERHEAD;
}

/** Why a sample cannot become rows. Only samples that may be too long are read and encoded to find out. */
function lengthProblem(
  samples: Samples,
  index: number,
  facts: SampleFacts,
  options: EncodeOptions,
): BrokenSample | undefined {
  const { maxLength, visualTokens } = options;
  if (mostTokens(facts.textBytes, facts.groups, facts.turns, visualTokens) <= maxLength) return undefined;
  const sample = samples.get(index);
  // What must fit: every row's first turn.
  const needed = conversationParts(sample, options.turns).map((part) => ({ ...part, turns: part.turns.slice(0, 1) }));
  for (const one of needed) {
    if (boundOf(one, visualTokens) <= maxLength) continue;
    try {
      encodeSample(one, options);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { index: facts.record, id: sample.id, line: facts.line, reason: error.problem.rule };
    }
  }
  return undefined;
}

function boundOf({ turns, system }: Sample, visualTokens: number): number {
  const bytes = turns.reduce(
    (sum, { question, answer }) => sum + Buffer.byteLength(question + answer),
    Buffer.byteLength(system ?? ''),
  );
  const groups = turns.reduce((sum, { media }) => sum + media, 0);
  return mostTokens(bytes, groups, turns.length, visualTokens);
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
