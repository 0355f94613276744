import { closeSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type BrokenSample,
  MODALITIES,
  type Modality,
  readConversation,
  recordId,
  RecordError,
  type Turn,
} from '../../../shared/dataset.ts';
import { InputError } from '../../../shared/errors.ts';
import type { FrameSampling } from '../../../shared/frames.ts';
import { parseRecord, readRecords } from './json-records.ts';
import { MediaFolder } from './media-paths.ts';
import { NumberColumn } from './number-column.ts';

/** One sound record with its media found: what is encoded into training rows. */
export interface Sample {
  readonly id: string;
  readonly modality: Modality;
  readonly system: string | undefined;
  /** `media` counts visual groups here: images, or the frames of the video. */
  readonly turns: readonly Turn[];
  /** Absolute path or, of a frame of a video file, address per visual group, in the order of the turns. */
  readonly images: readonly string[];
  /** The record's field `scoring` as it stands; absent where it has none. */
  readonly scoring?: unknown;
}

/** What is kept in memory for every sample. */
export interface SampleFacts {
  /** Position among all records of the file, broken ones included, from 0. */
  readonly record: number;
  /** Line of the file on which the record starts, from 1. */
  readonly line: number;
  readonly modality: Modality;
  readonly turns: number;
  /** Visual groups: images, or frames. */
  readonly groups: number;
  /** UTF-8 bytes of all texts: an upper bound for their tokens. */
  readonly textBytes: number;
}

/** Random access to sound samples, by index from 0. */
export interface Samples {
  readonly length: number;
  /** Reads one sample. @throws InputError where the file or a picture has changed since. */
  get(index: number): Sample;
  facts(index: number): SampleFacts;
}

/** A dataset that has been read through once. A run may refuse on `broken`, or go on with `samples`. */
export interface Dataset {
  readonly samples: Samples & { close(): void };
  readonly broken: readonly BrokenSample[];
}

export interface DatasetOptions {
  /** Folder the media paths are relative to. Default: `images` beside the file. */
  readonly images?: string;
  /** Whether ids may repeat, as in LLaVA's own 665k mix. Default: a repeated id is a broken sample. */
  readonly repeatedIds?: boolean;
  /** Frames of a video that are taken. Default: 8. */
  readonly frames?: FrameSampling | undefined;
}

/**
 * Reads and checks a LLaVA conversation file (JSON array or JSONL). Every record is checked, pictures included as far
 * as being there; they are not decoded. In memory stays where each record lies and how big it is, about 32 bytes a
 * sample; texts are read again when asked for.
 * @throws InputError where the file as a whole is unusable.
 */
export function readDataset(file: string, options: DatasetOptions = {}): Dataset {
  const folder = new MediaFolder(options.images ?? join(dirname(file), 'images'), { frames: options.frames });
  const samples = new SampleFile(file, folder);
  const broken: BrokenSample[] = [];
  for (const record of checkedRecords(file, folder, options)) {
    if (record.sample) samples.add(record, record.sample);
    else broken.push(record.broken);
  }
  return { samples, broken };
}

/** A record with what it is: a sample, or why it is none. */
export type CheckedRecord = RecordPlace & { readonly bytes: Uint8Array } & (
    | { readonly sample: Sample; readonly broken?: undefined }
    | { readonly sample?: undefined; readonly broken: BrokenSample }
  );

/**
 * The records of a file in order, each checked.
 *
 * @param folder of the media
 * @throws InputError where the file as a whole is unusable
 */
export function* checkedRecords(
  file: string,
  folder: MediaFolder,
  { repeatedIds }: Pick<DatasetOptions, 'repeatedIds'> = {},
): Generator<CheckedRecord> {
  const lineOfId = new Map<string, number>();
  let index = 0;
  for (const { start, bytes, line } of readRecords(file)) {
    const place = { record: index++, line, start, length: bytes.length, bytes };
    let json: unknown;
    try {
      json = parseBytes(bytes);
      const sample = loadSample(json, folder);
      const earlier = lineOfId.get(sample.id);
      if (earlier !== undefined) throw new RecordError(`id: is already that of the record on line ${earlier}`);
      if (!repeatedIds) lineOfId.set(sample.id, line);
      yield { ...place, sample };
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      const id = recordId(json);
      const broken = { index: place.record, ...(id === undefined ? {} : { id }), line, reason: error.message };
      yield { ...place, broken };
    }
  }
}

/** The error of a run that does not accept broken samples: how many, and the first of them. */
export function brokenSamplesError(file: string, broken: readonly BrokenSample[]): InputError {
  const first = broken.slice(0, 3).map(({ line, reason }) => `line ${line}: ${reason}`);
  const rule = `${broken.length} broken ${broken.length === 1 ? 'sample' : 'samples'}: ${first.join('; ')}${broken.length > 3 ? '; …' : ''}`;
  return new InputError({ file, rule, hint: 'Mend or remove them' });
}

function parseBytes(bytes: Uint8Array): unknown {
  try {
    return parseRecord(bytes);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RecordError('is not valid JSON, or cut off');
    throw new RecordError('is not valid UTF-8');
  }
}

function loadSample(json: unknown, folder: MediaFolder): Sample {
  const conversation = readConversation(json);
  const { id, modality, system, scoring } = conversation;
  const images = folder.resolve(conversation);
  const turns =
    modality === 'video'
      ? conversation.turns.map((turn) => (turn.media > 0 ? { ...turn, media: images.length } : turn))
      : conversation.turns;
  return { id, modality, system, turns, images, ...(scoring !== undefined && { scoring }) };
}

/** Reads the sample at a place of a file. @throws InputError where there is none that is sound */
export function readSampleAt(file: string, place: Pick<RecordPlace, 'start' | 'length'>, folder: MediaFolder): Sample {
  const bytes = Buffer.allocUnsafe(place.length);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, bytes, 0, bytes.length, place.start);
    return loadSample(parseBytes(bytes), folder);
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    throw new InputError({ file, rule: `holds no sound sample there: ${error.message}` }, { cause: error });
  } finally {
    closeSync(descriptor);
  }
}

/** UTF-8 bytes of all texts of a sample. */
export function textBytes(sample: Sample): number {
  const texts = sample.turns.reduce(
    (sum, { question, answer }) => sum + Buffer.byteLength(question) + Buffer.byteLength(answer),
    0,
  );
  return texts + Buffer.byteLength(sample.system ?? '');
}

/** Where a record lies in its file. */
interface RecordPlace {
  readonly record: number;
  readonly line: number;
  readonly start: number;
  readonly length: number;
}

/** The sound samples of one file: their places in the file, which stays open, and their sizes. */
class SampleFile implements Samples {
  private readonly file: string;
  private readonly folder: MediaFolder;
  private descriptor: number | undefined;
  private readonly starts = new NumberColumn((size) => new Float64Array(size));
  private readonly lengths = new NumberColumn((size) => new Uint32Array(size));
  private readonly records = new NumberColumn((size) => new Uint32Array(size));
  private readonly lines = new NumberColumn((size) => new Uint32Array(size));
  private readonly textBytes = new NumberColumn((size) => new Uint32Array(size));
  private readonly groups = new NumberColumn((size) => new Uint32Array(size));
  /** Turn count · 4 + index of the modality. */
  private readonly kinds = new NumberColumn((size) => new Uint32Array(size));

  constructor(file: string, folder: MediaFolder) {
    this.file = file;
    this.folder = folder;
  }

  get length(): number {
    return this.starts.length;
  }

  add({ record, line, start, length }: RecordPlace, sample: Sample): void {
    this.records.push(record);
    this.lines.push(line);
    this.starts.push(start);
    this.lengths.push(length);
    this.textBytes.push(textBytes(sample));
    this.groups.push(sample.images.length);
    this.kinds.push(sample.turns.length * 4 + MODALITIES.indexOf(sample.modality));
  }

  get(index: number): Sample {
    const bytes = Buffer.allocUnsafe(this.lengths.at(index));
    this.descriptor ??= openSync(this.file, 'r');
    readSync(this.descriptor, bytes, 0, bytes.length, this.starts.at(index));
    try {
      return loadSample(parseBytes(bytes), this.folder);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      const rule = `has changed since it was read: ${error.message}`;
      throw new InputError({ file: this.file, field: `sample ${index}`, rule }, { cause: error });
    }
  }

  facts(index: number): SampleFacts {
    const kind = this.kinds.at(index);
    return {
      record: this.records.at(index),
      line: this.lines.at(index),
      modality: MODALITIES[kind % 4] as Modality,
      turns: Math.floor(kind / 4),
      groups: this.groups.at(index),
      textBytes: this.textBytes.at(index),
    };
  }

  /** Closes the file; it is opened again when a sample is asked for. */
  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}
