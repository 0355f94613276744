import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type batchRequestSchema,
  batchSummarySchema,
  type BatchDetail,
  type BatchRow,
  type BatchSummary,
} from '../../../shared/api/compare.ts';
import {
  comparedSettings,
  countByFilter,
  isShown,
  pairedChanges,
  type BatchFilter,
} from '../../../shared/disagreement.ts';
import { parseCompression } from '../../../shared/compression.ts';
import {
  DEFAULT_BATCH_SIZE,
  DEFAULT_MAX_TOKENS,
  evaluatedAnswerSchema,
  evaluationReportSchema,
  type EvaluatedAnswer,
  type EvaluateJob,
  type EvaluationReport,
} from '../../../shared/evaluation.ts';
import type { DatasetLibrary } from '../datasets/dataset-library.ts';
import { sampleMediaId } from '../datasets/sample-view.ts';
import { runEngineJob } from '../engine-job.ts';
import type { EventHub } from '../events/event-hub.ts';
import { inBackground } from '../events/in-background.ts';
import type { JobBoard } from '../jobs/job-board.ts';
import { readJsonFile, writeJsonFile, writeTextFile } from '../json-file.ts';
import type { ModelLibrary } from '../models/model-library.ts';
import { notFound, plainFailure } from '../request-error.ts';
import { definedOnly } from '../runs/run-summary.ts';
import type { Workspace } from '../workspace.ts';
import { drawQuestions, type DrawnQuestion } from './drawn-questions.ts';
import { keepEvaluation } from './keep-evaluation.ts';

export interface BatchesOptions {
  readonly workspace: Workspace;
  readonly events: EventHub;
  readonly board: JobBoard;
  readonly datasets: DatasetLibrary;
  readonly models: ModelLibrary;
  /** An evaluation was added to a run. */
  onRunEvaluated: (run: string) => void;
  /** The engine's program; its own unless a test says otherwise. */
  readonly entry?: string;
}

type Request = z.output<typeof batchRequestSchema>;

const drawnSchema = z.array(
  z.strictObject({ record: z.int().min(0), media: z.int().min(0), question: z.string(), expected: z.string() }),
);

/** What a page of a batch's questions is. */
export interface BatchPage {
  readonly offset: number;
  readonly limit: number;
  readonly filter: BatchFilter;
  readonly setting?: string | undefined;
}

/** The same questions of a dataset at several settings, each answer kept. A batch is a folder of flat files. */
export class Batches {
  private readonly options: BatchesOptions;
  private readonly batches = new Map<string, BatchSummary>();
  private readonly rows = new Map<string, Promise<BatchRow[]>>();

  constructor(options: BatchesOptions) {
    this.options = options;
  }

  /** Loads what there is. A batch that a studio's end cut off was cancelled by it. */
  async open(): Promise<void> {
    const ids = await readdir(this.folder).catch(() => []);
    for (const id of ids) {
      const batch = await readJsonFile(join(this.folder, id, 'batch.json'), batchSummarySchema);
      if (!batch) continue;
      const isCut = batch.state === 'running' || batch.state === 'waiting';
      this.batches.set(id, isCut ? { ...batch, state: 'cancelled' } : batch);
    }
  }

  /** Newest first. */
  list(): BatchSummary[] {
    return [...this.batches.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  /** @throws RequestError where there is none of that id */
  get(id: string): BatchSummary {
    const batch = this.batches.get(id);
    if (!batch) throw notFound('such batch');
    return batch;
  }

  /** Begins to ask. @throws RequestError or InputError where something of the request is wrong */
  async add(request: Request): Promise<BatchSummary> {
    const { datasets, models } = this.options;
    for (const compression of request.compressions) parseCompression(compression);
    const model = models.folderOf(request.model);
    const index = await datasets.index(request.dataset);
    const drawn = await drawQuestions(index, request.count, request.seed);
    const createdAt = new Date().toISOString();
    const total = drawn.length;
    const batch: BatchSummary = { id: randomUUID(), createdAt, state: 'running', request, done: 0, total };
    await mkdir(join(this.folder, batch.id), { recursive: true });
    await this.put(batch);
    const asking = this.run(batch, { model, images: index.head.images, drawn });
    void inBackground(asking, this.options.events, `Asking ${total} questions`);
    return batch;
  }

  async detail(id: string, { offset, limit, filter, setting }: BatchPage): Promise<BatchDetail> {
    const batch = this.get(id);
    const report = await readJsonFile(join(this.folder, id, 'report.json'), evaluationReportSchema);
    const all = await this.rowsOf(id);
    const { compressions } = batch.request;
    const settings = comparedSettings(compressions, setting);
    const shown = all.filter((row) => isShown(row, filter, settings));
    return {
      batch,
      ...definedOnly({ report }),
      ...{ total: shown.length, counts: countByFilter(all, settings), changes: pairedChanges(all, compressions) },
      rows: shown.slice(offset, offset + limit),
    };
  }

  /** All answered questions, in the order they were drawn. */
  rowsOf(id: string): Promise<BatchRow[]> {
    const batch = this.get(id);
    const read = this.rows.get(id) ?? this.readRows(batch);
    // A batch that is over does not change any more.
    if (batch.state !== 'running') this.rows.set(id, read);
    return read;
  }

  /** @throws RequestError where there is none, or it is running */
  async remove(id: string): Promise<void> {
    this.get(id);
    this.batches.delete(id);
    this.rows.delete(id);
    await rm(join(this.folder, id), { recursive: true, force: true });
  }

  private get folder(): string {
    return join(this.options.workspace.studio, 'batches');
  }

  private async run(
    batch: BatchSummary,
    { model, images, drawn }: { model: string; images: string; drawn: readonly DrawnQuestion[] },
  ): Promise<void> {
    const { id, request } = batch;
    const folder = join(this.folder, id);
    const data = join(folder, 'questions.jsonl');
    const job = { kind: 'evaluate', title: `Ask ${batch.total} questions`, subject: id } as const;
    const { compressions, maxTokens, batchSize } = request;
    try {
      const isCancelled = await this.options.board.track(job, async (signal, shown) => {
        await writeTextFile(data, drawn.map(({ text }) => `${text}\n`).join(''));
        await writeJsonFile(
          join(folder, 'drawn.json'),
          drawn.map(({ text: _, ...facts }) => facts),
        );
        const evaluate: EvaluateJob = {
          ...{ kind: 'evaluate', model, data, images, compressions: [...compressions], reportsAnswers: true },
          ...{ batchSize: batchSize ?? DEFAULT_BATCH_SIZE, maxTokens: maxTokens ?? DEFAULT_MAX_TOKENS },
        };
        for await (const message of runEngineJob(evaluate, signal, this.options.entry)) {
          if (message.type === 'evaluation-answers') await this.keep(folder, message.answers);
          if (message.type === 'evaluation-report') await this.keepReport(batch, message.report);
          if (message.type !== 'evaluation-progress') continue;
          const { progress } = message;
          this.options.board.update(shown.id, { done: progress.total === 0 ? 0 : progress.done / progress.total });
          const now: BatchSummary = { ...this.get(id), done: progress.done, total: progress.total };
          this.batches.set(id, now);
          this.options.events.publish({ kind: 'batch', batch: now, progress });
        }
        return signal.aborted;
      });
      await this.put({ ...this.get(id), state: isCancelled ? 'cancelled' : 'done' });
    } catch (error) {
      if (this.batches.has(id)) await this.put({ ...this.get(id), state: 'failed', failure: plainFailure(error) });
    }
  }

  private async keep(folder: string, answers: readonly EvaluatedAnswer[]): Promise<void> {
    await appendFile(join(folder, 'answers.jsonl'), answers.map((answer) => `${JSON.stringify(answer)}\n`).join(''));
  }

  private async keepReport(batch: BatchSummary, report: EvaluationReport): Promise<void> {
    const { workspace, datasets, onRunEvaluated } = this.options;
    await writeJsonFile(join(this.folder, batch.id, 'report.json'), report);
    const run = await keepEvaluation(workspace, batch, report, datasets.get(batch.request.dataset).file);
    if (run !== undefined) onRunEvaluated(run);
  }

  private async put(batch: BatchSummary): Promise<void> {
    this.batches.set(batch.id, batch);
    this.options.events.publish({ kind: 'batch', batch });
    await writeJsonFile(join(this.folder, batch.id, 'batch.json'), batch);
  }

  private async readRows({ id, request }: BatchSummary): Promise<BatchRow[]> {
    const folder = join(this.folder, id);
    const drawn = (await readJsonFile(join(folder, 'drawn.json'), drawnSchema)) ?? [];
    const text = await readFile(join(folder, 'answers.jsonl'), 'utf8').catch(() => '');
    const answered = new Map(
      text
        .split('\n')
        .flatMap(parseAnswer)
        .map((answer) => [placeOf(answer), answer]),
    );
    return drawn.flatMap(({ record, media, question, expected }, i): BatchRow[] => {
      const found = answered.get(i);
      if (!found) return [];
      const ids = Array.from({ length: media }, (_, place) => sampleMediaId(request.dataset, record, place));
      return [{ id: String(i), question, expected, answers: found.answers, correct: found.correct, media: ids }];
    });
  }
}

/** Place of the question among those drawn: the engine adds the turn to a record's id, `12#0`. */
const placeOf = ({ id }: EvaluatedAnswer): number => Number(id.split('#')[0]);

function parseAnswer(line: string): EvaluatedAnswer[] {
  try {
    return [evaluatedAnswerSchema.parse(JSON.parse(line))];
  } catch {
    return [];
  }
}
