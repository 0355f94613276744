import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  BENCHMARK_TITLES,
  PICTURES_INSIDE,
  UNPUBLISHED_ANSWER,
  type Benchmark,
  type Scoring,
} from '../../../../shared/benchmark.ts';
import type { SourceProgress } from '../../../../shared/dataset-source.ts';
import { InputError } from '../../../../shared/errors.ts';
import { provideDataset, type DatasetDescription, type DatasetManifest } from '../sources/dataset-folder.ts';
import { conversationRecord, type SourceRecord } from '../sources/records.ts';
import { IMPORTERS } from './importers.ts';
import type { BenchmarkQuestion, BenchmarkSource } from './importer.ts';
import { MediaFinder, MISSING } from './media-finder.ts';

/** Raised when the same files give other records than before, so that older folders are not taken for equal. */
const IMPORT_VERSION = 1;
const QUESTIONS = 'questions.jsonl';
const IMAGES = 'images';
const PROGRESS_EVERY = 500;

/** What to import, and where to. Paths are absolute. */
export interface BenchmarkImport {
  readonly benchmark: Benchmark;
  /** Published files, or folders of them. */
  readonly from: readonly string[];
  /** Folder of the pictures or videos. */
  readonly images?: string | undefined;
  readonly folder: string;
  readonly replace?: boolean;
  /** Leave questions out whose picture or video is not there, instead of refusing. */
  readonly skipMissing?: boolean;
}

/** Pictures are left out: folders may hold hundreds of thousands. */
const ANNOTATION = /\.(json|jsonl|tsv|txt)$/i;

/** The files that were given and those in folders that were, in the order of their paths. */
function filesOf(from: readonly string[]): string[] {
  return from.flatMap((path) => {
    const info = statSync(path, { throwIfNoEntry: false });
    if (!info) throw new InputError({ file: path, rule: 'does not exist' });
    if (!info.isDirectory()) return [path];
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => ANNOTATION.test(name));
    return names.sort((a, b) => (a < b ? -1 : 1)).map((name) => join(path, name));
  });
}

/** sha256 over the contents of all files: what decides the records. */
async function digestOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${statSync(file).size}\0`);
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

/** A question as a record that anything else can read too. */
function recordOf(question: BenchmarkQuestion, benchmark: Benchmark): SourceRecord & { readonly scoring: Scoring } {
  const { id, image, video, prompt, answer } = question;
  const turn = { question: prompt, answer: answer ?? UNPUBLISHED_ANSWER };
  const media = video !== undefined ? { video } : image !== undefined ? { image } : undefined;
  const scoring = { benchmark, ...question.scoring, ...(answer === undefined && { unpublished: true as const }) };
  return { ...conversationRecord(id, media, [turn]), scoring };
}

/** What was written. */
interface Written {
  readonly records: number;
  readonly images: number;
  readonly clips: number;
  readonly leftOut: number;
}

/** Writes the records of all questions, one a line. @throws InputError */
class QuestionWriter {
  private readonly request: BenchmarkImport;
  private readonly descriptor: number;
  private readonly ids = new Set<string>();
  private readonly images = new Set<string>();
  private readonly clips = new Set<string>();
  private leftOut = 0;

  constructor(file: string, request: BenchmarkImport) {
    this.request = request;
    this.descriptor = openSync(file, 'w');
  }

  add(question: BenchmarkQuestion): void {
    const { id, image, video, file, field } = question;
    if (this.ids.has(id)) throw new InputError({ file, field, value: id, rule: 'has the id of a question above' });
    this.ids.add(id);
    if (image === MISSING || video === MISSING) {
      this.leftOut++;
      return;
    }
    if (image !== undefined) this.images.add(image);
    if (video !== undefined) this.clips.add(video);
    writeSync(this.descriptor, `${JSON.stringify(recordOf(question, this.request.benchmark))}\n`);
  }

  get written(): Written {
    const records = this.ids.size - this.leftOut;
    return { records, images: this.images.size, clips: this.clips.size, leftOut: this.leftOut };
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function writeQuestions(
  folder: string,
  source: BenchmarkSource,
  request: BenchmarkImport,
  onProgress: (progress: SourceProgress) => void,
): Written {
  const writer = new QuestionWriter(join(folder, QUESTIONS), request);
  let done = 0;
  try {
    for (const question of IMPORTERS[request.benchmark](source)) {
      writer.add(question);
      // How many there are is known at the end.
      if (++done % PROGRESS_EVERY === 0) onProgress({ phase: 'read', done, total: done + PROGRESS_EVERY });
    }
    onProgress({ phase: 'read', done: Math.max(1, done), total: Math.max(1, done) });
  } finally {
    writer.close();
  }
  return writer.written;
}

/** The pictures: those inside of the annotation file as files of the dataset, others where they are. */
function sourceOf(folder: string, files: readonly string[], { images, skipMissing }: BenchmarkImport): BenchmarkSource {
  const place = join(folder, IMAGES);
  // On Windows, a junction needs no rights that a link does.
  if (images !== undefined) symlinkSync(images, place, 'junction');
  const savePicture = (name: string, bytes: Uint8Array): string => {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, name), bytes);
    return name;
  };
  return { files, media: new MediaFinder(images, skipMissing ?? false), savePicture };
}

const note = (title: string): string => `# ${title}

Questions of ${title} from its published files, as LLaVA conversations: one record a question, with the prompt that
LLaVA-1.5 is evaluated with. The field \`scoring\` has what the benchmark's own rule needs. Pictures and texts are its
publisher's, under the publisher's terms.
`;

/** Folder of the pictures: MME has them beside its texts, MMBench inside of its file. */
function imagesOf({ benchmark, images, from }: BenchmarkImport): string | undefined {
  if (!PICTURES_INSIDE.includes(benchmark)) return images;
  const [first] = from;
  if (benchmark !== 'mme' || first === undefined) return undefined;
  return images ?? (statSync(first, { throwIfNoEntry: false })?.isDirectory() ? first : undefined);
}

function checkImages(images: string | undefined): void {
  if (images === undefined || statSync(images, { throwIfNoEntry: false })?.isDirectory()) return;
  throw new InputError({ field: '--images', value: images, rule: 'must be a folder' });
}

/**
 * Makes a dataset of a benchmark's published files: `questions.jsonl`, and `images` as a link to the pictures. A folder
 * that was made of the same files is left as it is.
 *
 * @throws InputError naming file, field and rule where the files are not of the published form, or a picture is missing
 */
export async function importBenchmark(
  request: BenchmarkImport,
  onProgress: (progress: SourceProgress) => void = () => {},
): Promise<{ manifest: DatasetManifest; reused: boolean; leftOut: number }> {
  const { benchmark, folder, skipMissing = false } = request;
  const files = filesOf(request.from);
  const images = imagesOf(request);
  checkImages(images);
  const made = {
    import: IMPORT_VERSION,
    sha256: await digestOf(files),
    images: images ?? '',
    skipMissing: String(skipMissing),
  };
  let leftOut = 0;
  const provide = { folder, dataset: benchmark, made, replace: request.replace ?? false };
  const provided = await provideDataset(provide, (work) => {
    const source = sourceOf(work, files, { ...request, images });
    const written = writeQuestions(work, source, request, onProgress);
    if (written.records === 0)
      throw new InputError({ field: '--from', value: request.from, rule: 'holds no questions' });
    leftOut = written.leftOut;
    writeFileSync(join(work, 'SOURCE.md'), note(BENCHMARK_TITLES[benchmark]));
    return Promise.resolve(describe(benchmark, made, written));
  });
  return { ...provided, leftOut };
}

function describe(benchmark: Benchmark, made: DatasetDescription['made'], written: Written): DatasetDescription {
  const { records, images, clips } = written;
  const questions = { records, images, ...(clips > 0 && { clips }), questions: records };
  return { dataset: benchmark, made, licence: 'that of its publisher', splits: { questions } };
}
