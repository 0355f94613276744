import { MODALITIES } from '../../../shared/dataset.ts';
import { InputError } from '../../../shared/errors.ts';
import { Random } from '../../../shared/random.ts';

/** A place in the endless sequence of batches. Plain JSON, so a checkpoint holds it. */
export interface SamplerPosition {
  readonly epoch: number;
  /** Batch within the epoch, from 0. */
  readonly batchIndex: number;
}

export interface SamplerOptions {
  /** Tokens per row, exact or estimated. */
  readonly lengths: ArrayLike<number>;
  /** Index into `MODALITIES` per row. */
  readonly modalities: ArrayLike<number>;
  /** Rows per batch: one optimizer step. */
  readonly batchSize: number;
  readonly seed: number;
  /** Whether the rows that are left over of each modality may share batches. Default: they wait for another epoch. */
  readonly mixed?: boolean;
}

/**
 * Batches whose rows are sorted by length together, as in transformers' group_by_length: enough to find rows of like
 * length, few enough to stay random.
 */
const MEGA_BATCH = 50;

/**
 * The order in which rows are trained on: LLaVA's sampler, grouped by modality and length. In every epoch the rows of
 * each modality are shuffled; stretches of up to 50 batches are sorted by length, longest first, and cut into batches; the
 * batches of all modalities are shuffled. So a batch has one modality and rows of like length.
 *
 * Every batch has exactly `batchSize` rows. What a modality has over (fewer than `batchSize` rows) is dropped for this
 * epoch; the shuffle drops others in the next. With `mixed` the left-over rows of all modalities form batches together and
 * only the rest of those is dropped. No row comes twice in an epoch.
 *
 * The order of an epoch depends on the seed and its number alone: any position can be taken up at once.
 */
export class BatchSampler {
  readonly batchSize: number;
  readonly batchesPerEpoch: number;
  private readonly options: SamplerOptions;
  private readonly membersOf: readonly Int32Array[];
  private current: { readonly epoch: number; readonly batches: readonly Int32Array[] } | undefined;

  /** @throws InputError where no modality fills a batch. */
  constructor(options: SamplerOptions) {
    const { modalities, lengths, batchSize, mixed } = options;
    if (!Number.isInteger(batchSize) || batchSize < 1)
      throw new InputError({ field: 'batchSize', value: batchSize, rule: 'must be 1 or more' });
    if (modalities.length !== lengths.length)
      throw new RangeError(`${lengths.length} lengths for ${modalities.length} rows`);
    this.options = options;
    this.batchSize = batchSize;
    this.membersOf = MODALITIES.map((_, code) => rowsWith(modalities, code));
    const wholeBatches = (rows: number): number => Math.floor(rows / batchSize);
    this.batchesPerEpoch = mixed
      ? wholeBatches(modalities.length)
      : this.membersOf.reduce((sum, rows) => sum + wholeBatches(rows.length), 0);
    if (this.batchesPerEpoch === 0) {
      const counts = this.membersOf.map(({ length }, code) => `${length} ${MODALITIES[code]}`).join(', ');
      throw new InputError({
        field: 'batchSize',
        value: batchSize,
        rule: `is more than the rows there are to fill a batch with (${counts})`,
      });
    }
  }

  /** Row indices of a batch, longest row first. [batchSize] */
  batchAt({ epoch, batchIndex }: SamplerPosition): Int32Array {
    if (this.current?.epoch !== epoch) this.current = { epoch, batches: this.shuffledBatches(epoch) };
    const batch = this.current.batches[batchIndex];
    if (!batch) throw new RangeError(`no batch ${batchIndex} of ${this.batchesPerEpoch}`);
    return batch;
  }

  /** The position behind one. */
  after({ epoch, batchIndex }: SamplerPosition): SamplerPosition {
    return batchIndex + 1 < this.batchesPerEpoch
      ? { epoch, batchIndex: batchIndex + 1 }
      : { epoch: epoch + 1, batchIndex: 0 };
  }

  private shuffledBatches(epoch: number): Int32Array[] {
    const { seed, batchSize, mixed } = this.options;
    const random = Random.from(seed, `sampler/epoch-${epoch}`);
    const batches: Int32Array[] = [];
    const left: number[] = [];
    for (const members of this.membersOf) {
      const rows = random.shuffle(members.slice());
      const used = rows.length - (rows.length % batchSize);
      this.cut(rows.subarray(0, used), batches);
      left.push(...rows.subarray(used));
    }
    if (mixed) this.cut(Int32Array.from(left.slice(0, left.length - (left.length % batchSize))), batches);
    return random.shuffle(batches);
  }

  /** Cuts shuffled rows, a multiple of the batch size, into batches of rows of like length. */
  private cut(rows: Int32Array, batches: Int32Array[]): void {
    const { lengths, batchSize } = this.options;
    const perMega = Math.max(1, Math.min(MEGA_BATCH, Math.floor(rows.length / (batchSize * 4))));
    for (let from = 0; from < rows.length; from += perMega * batchSize) {
      const mega = [...rows.subarray(from, from + perMega * batchSize)];
      // Sorting is stable, so equal lengths stay in their random order.
      mega.sort((a, b) => (lengths[b] as number) - (lengths[a] as number));
      for (let at = 0; at < mega.length; at += batchSize) batches.push(Int32Array.from(mega.slice(at, at + batchSize)));
    }
  }
}

function rowsWith(modalities: ArrayLike<number>, code: number): Int32Array {
  const rows: number[] = [];
  for (let i = 0; i < modalities.length; i++) if (modalities[i] === code) rows.push(i);
  return Int32Array.from(rows);
}
