/** The index of a conversation file: where each record lies and how big it is, so that a million of them can be paged. */
import { z } from 'zod';
import { datasetStatsSchema } from './api/datasets.ts';
import { brokenSampleSchema, MODALITIES, type Modality } from './dataset.ts';

/** Version of the files of an index. Others are made anew. */
export const INDEX_FORMAT = 2;

/** Files in an index's folder. */
export const INDEX_FILES = { head: 'index.json', columns: 'index.bin', broken: 'broken.jsonl' } as const;

const count = z.int().min(0);
const videoLengthSchema = z.strictObject({ frames: z.int().min(1), rate: z.number().gt(0).optional() });

/** index.json: what the file was when it was read, and what is in it. */
export const indexHeadSchema = z.strictObject({
  format: z.literal(INDEX_FORMAT),
  /** Absolute paths. */
  file: z.string(),
  images: z.string(),
  bytes: count,
  mtimeMs: z.number(),
  /** Sound and broken ones. */
  records: count,
  broken: count,
  /** The rest counts sound records only. */
  turns: count,
  /** Images and frames, 8 of a video. */
  media: count,
  /** Videos, and the lengths of some from all over the file. */
  videos: z.strictObject({ count, lengths: z.array(videoLengthSchema) }),
  textBytes: count,
  modalities: z.record(z.enum(MODALITIES), count),
  stats: datasetStatsSchema,
  firstBroken: z.array(brokenSampleSchema),
});
export type IndexHead = z.infer<typeof indexHeadSchema>;

/** Columns of index.bin, one number for each record, one column after the other, little-endian. */
export interface IndexColumns {
  /** First byte in the conversation file. */
  readonly starts: Float64Array;
  readonly lengths: Uint32Array;
  /** Line on which the record starts, from 1. */
  readonly lines: Uint32Array;
  /** UTF-8 bytes of all texts. */
  readonly textBytes: Uint32Array;
  /** Images, or frames. */
  readonly media: Uint32Array;
  readonly turns: Uint32Array;
  /** Place of the modality in `MODALITIES`; `BROKEN` for a record that cannot be trained on. */
  readonly kinds: Uint8Array;
}

export const BROKEN = 255;

/** Bytes of index.bin for a number of records. */
const BYTES_PER_RECORD = 8 + 5 * 4 + 1;

/** The columns in the bytes of an index.bin, without copying; undefined where their number is wrong. */
export function columnsIn(bytes: ArrayBuffer, records: number): IndexColumns | undefined {
  if (bytes.byteLength !== records * BYTES_PER_RECORD) return undefined;
  const column = (index: number): Uint32Array => new Uint32Array(bytes, (8 + 4 * index) * records, records);
  return {
    starts: new Float64Array(bytes, 0, records),
    ...{ lengths: column(0), lines: column(1), textBytes: column(2), media: column(3), turns: column(4) },
    kinds: new Uint8Array(bytes, 28 * records, records),
  };
}

/** Empty columns for a number of records, and the bytes they lie in. */
export function emptyColumns(records: number): { readonly bytes: ArrayBuffer; readonly columns: IndexColumns } {
  const bytes = new ArrayBuffer(records * BYTES_PER_RECORD);
  const columns = columnsIn(bytes, records);
  if (!columns) throw new Error('columns fit bytes that were made for them');
  return { bytes, columns };
}

/** What kind of sample a record is; undefined where it is broken. */
export function modalityAt({ kinds }: Pick<IndexColumns, 'kinds'>, record: number): Modality | undefined {
  return MODALITIES[kinds[record] ?? BROKEN];
}
