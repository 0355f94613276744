/** Reads a conversation file through once and writes down where everything is, for whoever shows it. */
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp, { type Metadata } from 'sharp';
import { MODALITIES, type BrokenSample } from '../../../shared/dataset.ts';
import {
  BROKEN,
  emptyColumns,
  INDEX_FILES,
  INDEX_FORMAT,
  indexHeadSchema,
  type IndexColumns,
  type IndexHead,
} from '../../../shared/dataset-index.ts';
import type { DatasetJob, SourceProgress } from '../../../shared/dataset-source.ts';
import type { VideoLength } from '../../../shared/frames.ts';
import { checkedRecords, textBytes, type CheckedRecord } from './dataset-reader.ts';
import { DatasetTally } from './dataset-tally.ts';
import { MediaFolder } from './media-paths.ts';
import { NumberColumn } from './number-column.ts';
import { Spread } from './spread.ts';
import { frameSize } from './video/video-frames.ts';

/** Broken samples that index.json names itself; broken.jsonl names all. */
const FIRST_BROKEN = 100;
/** Pictures whose sizes are read, and videos whose lengths are kept, from all over the file. */
const [MEASURED_PICTURES, KEPT_LENGTHS] = [500, 500];
const PROGRESS_STEPS = 200;

type IndexJob = Extract<DatasetJob, { kind: 'index' }>;
type ColumnName = keyof IndexColumns;

const floats = (size: number): Float64Array => new Float64Array(size);
const integers = (size: number): Uint32Array => new Uint32Array(size);

/** The columns while they grow. */
class GrowingColumns {
  private readonly starts = new NumberColumn(floats);
  private readonly others = {
    ...{ lengths: new NumberColumn(integers), lines: new NumberColumn(integers) },
    ...{ textBytes: new NumberColumn(integers), media: new NumberColumn(integers) },
    ...{ turns: new NumberColumn(integers), kinds: new NumberColumn(integers) },
  } satisfies Record<Exclude<ColumnName, 'starts'>, NumberColumn<Uint32Array>>;

  get length(): number {
    return this.starts.length;
  }

  add({ start, length, line, sample }: CheckedRecord): void {
    const { others } = this;
    this.starts.push(start);
    others.lengths.push(length);
    others.lines.push(line);
    others.textBytes.push(sample ? textBytes(sample) : 0);
    others.media.push(sample?.images.length ?? 0);
    others.turns.push(sample?.turns.length ?? 0);
    others.kinds.push(sample ? MODALITIES.indexOf(sample.modality) : BROKEN);
  }

  toBytes(): ArrayBuffer {
    const { bytes, columns } = emptyColumns(this.length);
    columns.starts.set(this.starts.values.subarray(0, this.length));
    for (const [name, { values }] of Object.entries(this.others)) {
      columns[name as keyof typeof this.others].set(values.subarray(0, this.length));
    }
    return bytes;
  }
}

/** Reads the sizes from the headers of pictures and videos; those that are no pictures are left out. */
async function measure(paths: readonly string[], tally: DatasetTally): Promise<void> {
  for (const path of paths) {
    const header = (): Promise<Metadata | undefined> =>
      sharp(path, { limitInputPixels: false })
        .metadata()
        .catch(() => undefined);
    const size = frameSize(path) ?? (await header());
    if (size) tally.addPicture(size.width, size.height);
  }
}

function writeBroken(file: number, broken: BrokenSample): void {
  writeSync(file, `${JSON.stringify(broken)}\n`);
}

/**
 * Indexes a file into a folder, which is there whole or not at all.
 *
 * @throws InputError where the file as a whole is unusable
 */
export async function indexDataset(
  { file, images, folder }: IndexJob,
  onProgress: (progress: SourceProgress) => void,
): Promise<{ records: number; broken: number }> {
  const videos = new Spread<VideoLength>(KEPT_LENGTHS);
  const media = new MediaFolder(images ?? join(dirname(file), 'images'), {
    onVideo: ({ frames, rate }) => videos.add({ frames, ...(rate !== undefined && { rate }) }),
  });
  const info = statSync(file, { throwIfNoEntry: false });
  const total = Math.max(1, info?.size ?? 1);
  const temporary = `${folder}.${process.pid}.tmp`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  const brokenFile = openSync(join(temporary, INDEX_FILES.broken), 'w');
  try {
    const columns = new GrowingColumns();
    const tally = new DatasetTally();
    const pictures = new Spread<string>(MEASURED_PICTURES);
    const firstBroken: BrokenSample[] = [];
    let [broken, told] = [0, 0];
    for (const record of checkedRecords(file, media, { repeatedIds: true })) {
      columns.add(record);
      if (record.sample) {
        tally.add(record.sample);
        const [picture] = record.sample.images;
        if (picture !== undefined) pictures.add(picture);
      } else {
        broken++;
        writeBroken(brokenFile, record.broken);
        if (firstBroken.length < FIRST_BROKEN) firstBroken.push(record.broken);
      }
      const step = Math.floor((record.start / total) * PROGRESS_STEPS);
      if (step > told) onProgress({ phase: 'read', done: (told = step), total: PROGRESS_STEPS });
    }
    await measure(pictures.values, tally);
    writeFileSync(join(temporary, INDEX_FILES.columns), new Uint8Array(columns.toBytes()));
    const head: IndexHead = {
      ...{ format: INDEX_FORMAT, file, images: media.root, bytes: info?.size ?? 0, mtimeMs: info?.mtimeMs ?? 0 },
      ...{ records: columns.length, broken, firstBroken, ...tally.result() },
      videos: { count: videos.count, lengths: [...videos.values] },
    };
    writeFileSync(join(temporary, INDEX_FILES.head), JSON.stringify(indexHeadSchema.parse(head)));
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
    return { records: columns.length, broken };
  } finally {
    closeSync(brokenFile);
    rmSync(temporary, { recursive: true, force: true });
  }
}
