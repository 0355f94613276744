import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import {
  datasetSchema,
  type BenchmarkDataset,
  type Dataset,
  type DatasetDetail,
  type DatasetStats,
  type ExampleDataset,
  type NewDataset,
  type Sample,
  type SamplePage,
  type SamplesQuery,
} from '../../../shared/api/datasets.ts';
import { BENCHMARK_TITLES } from '../../../shared/benchmark.ts';
import { readConversation, type BrokenSample, type Conversation } from '../../../shared/dataset.ts';
import { shapesOptionsSchema, type DatasetJob } from '../../../shared/dataset-source.ts';
import type { IndexHead } from '../../../shared/dataset-index.ts';
import { InputError } from '../../../shared/errors.ts';
import type { EventHub } from '../events/event-hub.ts';
import { inBackground } from '../events/in-background.ts';
import type { JobBoard } from '../jobs/job-board.ts';
import { readJsonFile, writeJsonFile } from '../json-file.ts';
import type { ScannedData } from '../recipes/preflight.ts';
import { conflict, notFound, plainFailure } from '../request-error.ts';
import { allowedPath, shownPath, type Workspace } from '../workspace.ts';
import { runDatasetJob } from './dataset-job.ts';
import { DatasetIndex, isCurrent, readIndexHead } from './dataset-index.ts';
import { picturePaths } from './media-paths.ts';
import { SampleSearch, type SampleFilters } from './sample-search.ts';
import { sampleSummary, wholeSample } from './sample-view.ts';
import { VideoFiles } from './video-files.ts';

/** Searches that are kept, so that the next page of one is there at once. */
const KEPT_SEARCHES = 8;
/** How long a page waits for a search in texts. */
const PAGE_PATIENCE_MS = 1500;

const librarySchema = z.strictObject({ datasets: z.array(datasetSchema) });
const NOTHING_COUNTED = {
  bytes: 0,
  records: 0,
  broken: 0,
  turns: 0,
  media: 0,
  modalities: { text: 0, image: 0, video: 0 },
};

/** The datasets of a workspace, as a list in a file with an index beside it for each. */
export class DatasetLibrary {
  private readonly workspace: Workspace;
  private readonly root: string;
  private readonly events: EventHub;
  private readonly board: JobBoard;
  private readonly videos = new VideoFiles();
  private readonly datasets = new Map<string, Dataset>();
  private readonly opened = new Map<string, Promise<DatasetIndex>>();
  private readonly searches = new Map<string, SampleSearch>();
  private saving: Promise<void> = Promise.resolve();

  /** @param root folder that files can be imported from below, besides the workspace */
  constructor(workspace: Workspace, root: string, events: EventHub, board: JobBoard) {
    this.workspace = workspace;
    this.root = root;
    this.events = events;
    this.board = board;
  }

  /** Loads the list. An import that was cut off is begun again, as is one whose index another version wrote. */
  async open(): Promise<void> {
    const library = await readJsonFile(this.file, librarySchema);
    for (const dataset of library?.datasets ?? []) {
      const file = resolve(this.workspace.folder, dataset.file);
      const head = await readIndexHead(this.indexFolder(dataset.id));
      if (dataset.state === 'failed') this.datasets.set(dataset.id, dataset);
      else if (dataset.state !== 'importing' && head) {
        const now = await isCurrent(head);
        this.datasets.set(dataset.id, { ...dataset, state: now === 'current' ? 'ready' : now });
      } else if (dataset.state === 'importing' || existsSync(file))
        this.begin({ ...dataset, state: 'importing', done: 0 }, file);
      else this.datasets.set(dataset.id, { ...dataset, state: 'missing' });
    }
  }

  list(): Dataset[] {
    return [...this.datasets.values()];
  }

  /** @throws RequestError where there is none of that id */
  get(id: string): Dataset {
    const dataset = this.datasets.get(id);
    if (!dataset) throw notFound('such dataset');
    return dataset;
  }

  async detail(id: string): Promise<DatasetDetail> {
    const dataset = this.get(id);
    const head = await readIndexHead(this.indexFolder(id));
    return { dataset, brokenSamples: dataset.state === 'importing' ? [] : (head?.firstBroken ?? []) };
  }

  async stats(id: string): Promise<DatasetStats> {
    return (await this.index(id)).head.stats;
  }

  /** Begins to read a conversation file; events tell how far it is. @throws InputError where there is no such file */
  async add({ path, images, name }: NewDataset): Promise<Dataset> {
    // Once more for the file that was found in a folder: it may be a link.
    const file = await this.allowed(await conversationFile(await this.allowed(path)));
    const folder = images === undefined ? join(dirname(file), 'images') : await this.allowed(images);
    const shown = shownPath(file, this.workspace);
    const known = this.known(file);
    if (known?.state === 'importing') throw conflict(`${shown} is being imported already`, 'Wait for it');
    const dataset: Dataset = {
      ...{ id: known?.id ?? randomBytes(6).toString('hex'), name: name ?? known?.name ?? datasetName(file) },
      ...{ file: shown, images: shownPath(folder, this.workspace), state: 'importing', done: 0 },
      ...NOTHING_COUNTED,
      importedAt: new Date().toISOString(),
    };
    this.begin(dataset, file);
    return dataset;
  }

  /** Makes or downloads an example into data/ and imports its training split. */
  addExample({ source }: ExampleDataset): Dataset {
    const folder = join(this.workspace.data, source);
    const file = join(folder, 'train.jsonl');
    const known = this.known(file);
    if (known) return known;
    const place = { folder, replace: false };
    const make: DatasetJob =
      source === 'shapes'
        ? { kind: source, ...place, options: shapesOptionsSchema.parse({}) }
        : { kind: source, ...place };
    return this.beginMade({ name: source, file }, make);
  }

  /** Makes a dataset of a benchmark's published files in data/ and imports it. @throws InputError where a path is wrong */
  async addBenchmark({ benchmark, path, images, name, skipMissing = false }: BenchmarkDataset): Promise<Dataset> {
    const from = [await this.allowed(path)];
    const pictures = images === undefined ? {} : { images: await this.allowed(images) };
    const folder = join(this.workspace.data, name ?? benchmark);
    const file = join(folder, 'questions.jsonl');
    const known = this.known(file);
    if (known?.state === 'importing') throw conflict(`${known.file} is being imported already`, 'Wait for it');
    const make: DatasetJob = { kind: 'benchmark', benchmark, from, ...pictures, folder, replace: true, skipMissing };
    return this.beginMade({ ...(known && { id: known.id }), name: name ?? BENCHMARK_TITLES[benchmark], file }, make);
  }

  private known(file: string): Dataset | undefined {
    const shown = shownPath(file, this.workspace);
    return this.list().find((dataset) => dataset.file === shown);
  }

  /** Begins to make a dataset and to read it. */
  private beginMade({ id, name, file }: { id?: string; name: string; file: string }, make: DatasetJob): Dataset {
    const dataset: Dataset = {
      ...{ id: id ?? randomBytes(6).toString('hex'), name, file: shownPath(file, this.workspace) },
      ...{ images: shownPath(join(dirname(file), 'images'), this.workspace), state: 'importing', done: 0 },
      ...NOTHING_COUNTED,
      importedAt: new Date().toISOString(),
    };
    this.begin(dataset, file, make);
    return dataset;
  }

  /** Takes a dataset off the list, with its index. Its own files stay. */
  async remove(id: string): Promise<void> {
    const { state } = this.get(id);
    if (state === 'importing') throw conflict('The dataset is being imported', 'Wait for it, or cancel the job');
    this.datasets.delete(id);
    await this.forgetIndex(id);
    await rm(this.indexFolder(id), { recursive: true, force: true });
    await this.save();
    this.events.publish({ kind: 'dataset-removed', id });
  }

  /** A page of the samples that match. */
  async samples(id: string, { offset, limit, ...filters }: SamplesQuery): Promise<SamplePage> {
    const index = await this.index(id);
    const search = this.search(id, index, filters);
    await search.until(offset + limit, PAGE_PATIENCE_MS);
    const records = search.records.slice(offset, offset + limit);
    const raws = await index.readSome(records);
    const samples = raws.map((raw, i) => sampleSummary(id, index, records[i] ?? 0, raw));
    return { offset, total: search.records.length, isComplete: search.isComplete, samples };
  }

  async sample(id: string, record: number): Promise<Sample> {
    const index = await this.index(id);
    if (record >= index.head.records) throw notFound(`sample ${record}`);
    return wholeSample(id, index, record, await index.read(record));
  }

  /** A sample's conversation. @throws RequestError where it is broken */
  async conversation(id: string, record: number): Promise<Conversation> {
    const index = await this.index(id);
    if (record >= index.head.records) throw notFound(`sample ${record}`);
    try {
      return readConversation((await index.read(record)).json);
    } catch (error) {
      throw conflict(`Sample ${record} is broken: ${String(error)}`, 'Take another one');
    }
  }

  /** Real paths of a sample's pictures. @throws InputError where its video cannot be decoded */
  async pictures(id: string, record: number): Promise<string[]> {
    const index = await this.index(id);
    const decoded = (video: string): Promise<string[]> => this.videos.frames(video);
    return picturePaths(index.head.images, await this.conversation(id, record), decoded);
  }

  /** The index of a dataset, opened once. @throws RequestError while there is none */
  index(id: string): Promise<DatasetIndex> {
    const { state } = this.get(id);
    if (state === 'importing') throw conflict('The dataset is still being read', 'Wait until the import is done');
    if (state === 'failed') throw conflict('The dataset could not be read', 'Mend the file and import it again');
    const opened = this.opened.get(id) ?? DatasetIndex.open(this.indexFolder(id));
    opened.catch(() => this.opened.delete(id));
    this.opened.set(id, opened);
    return opened;
  }

  /** What is in a conversation file: from the library, from an earlier look, or by reading it through. @throws InputError */
  async scan(file: string, images: string | undefined): Promise<ScannedData> {
    const key = createHash('sha256')
      .update(`${file}\0${images ?? ''}`)
      .digest('hex')
      .slice(0, 16);
    const shown = shownPath(file, this.workspace);
    const known = this.list().find((dataset) => dataset.file === shown && dataset.state === 'ready');
    const folder = known ? this.indexFolder(known.id) : join(this.workspace.studio, 'scans', key);
    const found = await readIndexHead(folder);
    if (found && (await isCurrent(found)) === 'current') return scanned(found);
    const other = join(this.workspace.studio, 'scans', key);
    await runDatasetJob(
      { kind: 'index', file, folder: other, ...(images !== undefined && { images }) },
      () => undefined,
    );
    const head = await readIndexHead(other);
    if (!head) throw new Error('an index that was written can be read');
    return scanned(head);
  }

  /** @throws InputError where a path may not be imported */
  private allowed(path: string): Promise<string> {
    return allowedPath(path, this.workspace, this.root);
  }

  private get file(): string {
    return join(this.workspace.studio, 'datasets.json');
  }

  private indexFolder(id: string): string {
    return join(this.workspace.studio, 'datasets', id);
  }

  private search(id: string, index: DatasetIndex, filters: SampleFilters): SampleSearch {
    const key = `${id} ${JSON.stringify(filters)}`;
    const search =
      this.searches.get(key) ?? new SampleSearch(index, filters, (record) => this.pictures(id, record).catch(() => []));
    // The one used last goes to the end: the first is the one to forget.
    this.searches.delete(key);
    this.searches.set(key, search);
    for (const [oldKey, old] of [...this.searches].slice(0, -KEPT_SEARCHES)) {
      old.stop();
      this.searches.delete(oldKey);
    }
    return search;
  }

  private begin(dataset: Dataset, file: string, make?: DatasetJob): void {
    this.put(dataset);
    const { id, name } = dataset;
    const job = { kind: 'dataset', title: `Import ${name}`, subject: id } as const;
    const importing = this.board
      .track(job, async (signal, shown) => {
        const tell = (done: number): void => {
          this.put({ ...this.get(id), done });
          this.board.update(shown.id, { done });
        };
        if (make) await runDatasetJob(make, ({ done, total }) => tell(done / total), signal);
        await this.forgetIndex(id);
        const images = resolve(this.workspace.folder, dataset.images);
        const index: DatasetJob = { kind: 'index', file, folder: this.indexFolder(id), images };
        await runDatasetJob(index, ({ done, total }) => tell(done / total), signal);
        await this.finish(dataset);
      })
      .catch((error: unknown) => {
        const { done: _, ...rest } = dataset;
        this.put({ ...rest, state: 'failed', failure: plainFailure(error) });
      })
      .then(() => this.save());
    for (const work of [importing, this.save()]) void inBackground(work, this.events, 'List of datasets');
  }

  private async finish(dataset: Dataset): Promise<void> {
    const head = await readIndexHead(this.indexFolder(dataset.id));
    if (!head) throw new Error('an index that was written can be read');
    const { done: _, ...rest } = dataset;
    const { bytes, records, broken, turns, media, modalities } = head;
    this.put({ ...rest, state: 'ready', bytes, records, broken, turns, media, modalities });
  }

  private async forgetIndex(id: string): Promise<void> {
    const opened = this.opened.get(id);
    this.opened.delete(id);
    for (const [key, search] of this.searches) {
      if (!key.startsWith(`${id} `)) continue;
      search.stop();
      this.searches.delete(key);
    }
    await opened?.then((index) => index.close()).catch(() => undefined);
  }

  private put(dataset: Dataset): void {
    this.datasets.set(dataset.id, dataset);
    this.events.publish({ kind: 'dataset', dataset });
  }

  private save(): Promise<void> {
    this.saving = this.saving.catch(() => undefined).then(() => writeJsonFile(this.file, { datasets: this.list() }));
    return this.saving;
  }
}

const brokenText = ({ id, line, reason }: BrokenSample): string =>
  `${id === undefined ? 'line' : `sample ${id}, line`} ${line}: ${reason}`;

const scanned = ({ records, broken, turns, media, videos, textBytes, stats, firstBroken }: IndexHead): ScannedData => ({
  ...{ records, broken, turns, media, videos, textBytes, stats },
  firstBroken: firstBroken[0] && brokenText(firstBroken[0]),
});

/** `data/easy-vqa/train.jsonl` is called easy-vqa; other names stay. */
function datasetName(file: string): string {
  const name = basename(file).replace(/\.jsonl?$/i, '');
  return ['train', 'data', 'dataset'].includes(name) ? basename(dirname(file)) : `${basename(dirname(file))} ${name}`;
}

const PREFERRED = ['train.jsonl', 'train.json'];

/** The file itself, or the conversation file in a folder: `train`, or the only one there is. @throws InputError */
async function conversationFile(path: string): Promise<string> {
  if (!existsSync(path)) throw new InputError({ file: path, rule: 'does not exist' });
  if (!(await stat(path)).isDirectory()) return path;
  const names = (await readdir(path)).filter((name) => /\.jsonl?$/i.test(name) && name !== 'manifest.json');
  const preferred = PREFERRED.find((name) => names.includes(name));
  const [only, ...more] = names;
  if (preferred !== undefined) return join(path, preferred);
  if (only !== undefined && more.length === 0) return join(path, only);
  const rule =
    only === undefined ? 'holds no conversation file (.json, .jsonl)' : `holds several files: ${names.join(', ')}`;
  throw new InputError({ file: path, rule, hint: 'Choose the conversation file itself' });
}
