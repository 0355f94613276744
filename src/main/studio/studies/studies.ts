import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { newStudySchema, StudyDetail, StudyRequest, StudySummary } from '../../../shared/api/studies.ts';
import { RUN_NAME } from '../../../shared/engine-protocol.ts';
import { codeOf } from '../../../shared/errors.ts';
import type { EvaluationProgress } from '../../../shared/evaluation.ts';
import type { z } from 'zod';
import type { ExportedFile } from '../compare/export.ts';
import type { DatasetLibrary } from '../datasets/dataset-library.ts';
import type { EventHub } from '../events/event-hub.ts';
import type { JobBoard } from '../jobs/job-board.ts';
import { sizeOfFolder } from '../models/found-model.ts';
import type { ModelLibrary } from '../models/model-library.ts';
import { conflict, notFound } from '../request-error.ts';
import { definedOnly } from '../runs/run-summary.ts';
import type { Workspace } from '../workspace.ts';
import { planStudy } from './plan-study.ts';
import { resultSoFar } from './result-job.ts';
import { runStudy } from './run-study.ts';
import { StudyFolder, type StudyRecord } from './study-folder.ts';
import { studyCsv, studyMarkdown } from './study-text.ts';

export interface StudiesOptions {
  readonly workspace: Workspace;
  readonly events: EventHub;
  readonly board: JobBoard;
  readonly datasets: DatasetLibrary;
  readonly models: ModelLibrary;
  /** The engine's program; its own unless a test says otherwise. */
  readonly entry?: string;
}

/** A study that this studio asks at the moment. */
interface LiveStudy {
  readonly job: string;
  progress: EvaluationProgress | undefined;
}

type Wanted = z.output<typeof newStudySchema>;

/** The redundancy studies of a workspace, also those that a terminal began. What is on the disk is the truth. */
export class Studies {
  private readonly options: StudiesOptions;
  private readonly live = new Map<string, LiveStudy>();

  constructor(options: StudiesOptions) {
    this.options = options;
  }

  /** Newest first. */
  async list(): Promise<StudySummary[]> {
    const names = await readdir(this.options.workspace.studies).catch(() => []);
    const read = await Promise.all(names.map((name) => this.find(name)));
    return read.filter((study) => study !== undefined).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  /** @throws RequestError where there is none of that name */
  async get(name: string): Promise<StudySummary> {
    const study = await this.find(name);
    if (!study) throw notFound('such study');
    return study;
  }

  /** @throws RequestError where there is none of that name */
  async detail(name: string): Promise<StudyDetail> {
    const study = await this.get(name);
    const progress = this.live.get(name)?.progress;
    const folder = this.folder(name);
    const result = study.state === 'running' ? undefined : ((await folder.result()) ?? (await resultSoFar(folder)));
    return { study, ...definedOnly({ progress, result }) };
  }

  /** Begins a study. @throws RequestError or InputError where something of the request is wrong */
  async add({ dataset, ...asking }: Wanted): Promise<StudySummary> {
    const { workspace, datasets, models } = this.options;
    const modelFolder = models.folderOf(asking.model);
    const size = await sizeOfFolder(modelFolder, workspace.folder);
    const index = await datasets.index(dataset);
    const request: StudyRequest = { ...asking, data: datasets.get(dataset).file };
    const name = await this.takeName(asking.model);
    const folder = this.folder(name);
    try {
      const record = await planStudy(folder, { workspace, request, modelFolder, size, index });
      this.start(name, folder, record);
    } catch (error) {
      await rm(folder.path, { recursive: true, force: true });
      throw error;
    }
    return this.tell(name);
  }

  /** Goes on with one that was interrupted or failed. @throws RequestError where there is nothing to go on with */
  async resume(name: string): Promise<StudySummary> {
    const { state } = await this.get(name);
    if (state === 'running') throw conflict('The study is running', 'Nothing needs to be done');
    if (state === 'done') throw conflict('The study is done', 'Nothing needs to be done');
    const { folder, record } = await this.opened(name);
    this.start(name, folder, record);
    return this.tell(name);
  }

  /** Stops one after the batch at hand; it can be resumed. @throws RequestError where this studio does not run it */
  async cancel(name: string): Promise<StudySummary> {
    const study = await this.get(name);
    const live = this.live.get(name);
    if (live) this.options.board.cancel(live.job);
    else if (study.state === 'running') throw conflict('Another process asks this study', 'Stop it there');
    else throw conflict('The study is not running', 'Nothing needs to be done');
    return study;
  }

  /** Deletes the folder. @throws RequestError while it runs */
  async remove(name: string): Promise<void> {
    const { state } = await this.get(name);
    if (state === 'running') throw conflict('The study is running', 'Stop it first');
    await rm(this.folder(name).path, { recursive: true, force: true });
    this.options.events.publish({ kind: 'study-removed', name });
  }

  /** What is found so far as a file. @throws RequestError where nothing is answered yet */
  async exported(name: string, format: 'csv' | 'markdown' | 'json'): Promise<ExportedFile> {
    const { result } = await this.detail(name);
    if (!result) throw conflict('The study has no result yet', 'Wait until it is done, or stop it');
    const { record } = await this.opened(name);
    if (format === 'csv') return { type: 'text/csv; charset=utf-8', name: `${name}.csv`, text: studyCsv(result) };
    if (format === 'markdown') {
      return { type: 'text/markdown; charset=utf-8', name: `${name}.md`, text: studyMarkdown(record, result) };
    }
    const text = `${JSON.stringify({ record, result }, null, 2)}\n`;
    return { type: 'application/json; charset=utf-8', name: `${name}.json`, text };
  }

  private folder(name: string): StudyFolder {
    return new StudyFolder(join(this.options.workspace.studies, name));
  }

  private async opened(name: string): Promise<{ folder: StudyFolder; record: StudyRecord }> {
    const folder = this.folder(name);
    const record = await folder.record();
    if (!record) throw notFound('such study');
    return { folder, record };
  }

  private async find(name: string): Promise<StudySummary | undefined> {
    if (!RUN_NAME.test(name)) return undefined;
    const folder = this.folder(name);
    const record = await folder.record();
    if (!record) return undefined;
    const { createdAt, request, compressions, shape, total } = record;
    const facts = { name, createdAt, request, compressions, depth: shape.decoder.layers, total };
    const live = this.live.get(name);
    if (live) return { ...facts, state: 'running', done: live.progress?.done ?? 0 };
    if (await folder.result()) return { ...facts, state: 'done', done: total };
    const done = (await folder.answers(record)).length;
    if (await folder.isTaken()) return { ...facts, state: 'running', done };
    const failure = await folder.failure();
    return { ...facts, state: failure ? 'failed' : 'interrupted', done, ...definedOnly({ failure }) };
  }

  /**
   * Makes the folder `redundancy-NAME-OF-THE-MODEL`, with a number where that is taken. It is made before anything else
   * is done: the name is then nobody else's, also where two begin at once.
   */
  private async takeName(model: string): Promise<string> {
    await mkdir(this.options.workspace.studies, { recursive: true });
    const base = `redundancy-${resolve('/', model)
      .slice(1)
      .replace(/^(runs|models)\//, '')}`
      .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
      .slice(0, 90);
    for (let number = 1; ; number++) {
      const name = number === 1 ? base : `${base}-${number}`;
      if (await isMadeNow(this.folder(name).path)) return name;
    }
  }

  private start(name: string, folder: StudyFolder, record: StudyRecord): void {
    const { board, workspace, entry } = this.options;
    const job = { kind: 'study', title: `Study ${record.compressions.length} settings`, subject: name } as const;
    void board
      .track(job, async (signal, shown) => {
        this.live.set(name, { job: shown.id, progress: undefined });
        for await (const progress of runStudy({ folder, record, workspace, signal, ...definedOnly({ entry }) })) {
          board.update(shown.id, { done: progress.total === 0 ? 0 : progress.done / progress.total });
          this.live.set(name, { job: shown.id, progress });
          await this.tell(name, progress);
        }
      })
      // The failure is in the study's folder, and the job shows it.
      .catch(() => undefined)
      .then(() => {
        this.live.delete(name);
        return this.tell(name);
      })
      .catch(() => undefined);
  }

  private async tell(name: string, progress?: EvaluationProgress): Promise<StudySummary> {
    const study = await this.get(name);
    this.options.events.publish({ kind: 'study', study, ...definedOnly({ progress }) });
    return study;
  }
}

/** Makes a folder. @returns false where there is something already */
async function isMadeNow(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
