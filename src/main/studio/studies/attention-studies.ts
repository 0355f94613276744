import { randomUUID } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { attentionStudySchema, type AttentionStudy, type newAttentionSchema } from '../../../shared/api/attention.ts';
import type { AttentionJob, AttentionReport } from '../../../shared/attention-study.ts';
import { parseCompression, visualTokensPerLayer } from '../../../shared/compression.ts';
import type { DatasetLibrary } from '../datasets/dataset-library.ts';
import { runEngineJob } from '../engine-job.ts';
import type { EventHub } from '../events/event-hub.ts';
import { inBackground } from '../events/in-background.ts';
import type { JobBoard } from '../jobs/job-board.ts';
import { readJsonFile, writeJsonFile } from '../json-file.ts';
import type { ModelLibrary } from '../models/model-library.ts';
import { conflict, notFound, plainFailure } from '../request-error.ts';
import type { Workspace } from '../workspace.ts';

export interface AttentionStudiesOptions {
  readonly workspace: Workspace;
  readonly events: EventHub;
  readonly board: JobBoard;
  readonly datasets: DatasetLibrary;
  readonly models: ModelLibrary;
  /** The engine's program; its own unless a test says otherwise. */
  readonly entry?: string;
}

const ENDING = '.json';

/** Measurements of attention by depth: a file for each, below studies/attention. */
export class AttentionStudies {
  private readonly options: AttentionStudiesOptions;
  private readonly studies = new Map<string, AttentionStudy>();

  constructor(options: AttentionStudiesOptions) {
    this.options = options;
  }

  /** Loads what there is. */
  async open(): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names.filter((one) => one.endsWith(ENDING))) {
      const study = await readJsonFile(join(this.folder, name), attentionStudySchema);
      if (study) this.studies.set(study.id, study.state === 'running' ? { ...study, state: 'cancelled' } : study);
    }
  }

  /** Newest first. */
  list(): AttentionStudy[] {
    return [...this.studies.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  /** Begins to measure. @throws RequestError or InputError where something of the request is wrong */
  async add(request: z.output<typeof newAttentionSchema>): Promise<AttentionStudy> {
    const { datasets, models } = this.options;
    const { samples, compression } = request;
    const folder = models.folderOf(request.model);
    const { shape, visualTokens } = await models.sizeOf(request.model);
    visualTokensPerLayer([visualTokens], shape.decoder.layers, parseCompression(compression));
    const index = await datasets.index(request.dataset);
    const job: AttentionJob = {
      ...{ kind: 'attention', model: folder, samples, compression },
      ...{ data: datasets.get(request.dataset).file, images: index.head.images },
      // Data lists them with their reasons.
      leavesOutBroken: true,
    };
    const createdAt = new Date().toISOString();
    const study: AttentionStudy = { id: randomUUID(), createdAt, state: 'running', request, done: 0, total: 0 };
    await this.put(study);
    void inBackground(this.run(study.id, job), this.options.events, 'Attention by depth');
    return study;
  }

  /** @throws RequestError where there is none, or it is running */
  async remove(id: string): Promise<void> {
    if (this.get(id).state === 'running') throw conflict('It is being measured', 'Cancel it first');
    this.studies.delete(id);
    await rm(this.file(id), { force: true });
  }

  private get(id: string): AttentionStudy {
    const study = this.studies.get(id);
    if (!study) throw notFound('such study');
    return study;
  }

  private get folder(): string {
    return join(this.options.workspace.studies, 'attention');
  }

  private file(id: string): string {
    return join(this.folder, `${id}${ENDING}`);
  }

  private async run(id: string, job: AttentionJob): Promise<void> {
    const { board } = this.options;
    const shownJob = { kind: 'study', title: 'Measure attention by depth', subject: id } as const;
    try {
      const report = await board.track(shownJob, async (signal, shown) => {
        let found: AttentionReport | undefined;
        for await (const message of runEngineJob(job, signal, this.options.entry)) {
          if (message.type === 'attention-report') found = message.report;
          if (message.type !== 'attention-progress') continue;
          const { done, total } = message.progress;
          board.update(shown.id, { done: total === 0 ? 0 : done / total });
          this.tell({ ...this.get(id), done, total });
        }
        return found;
      });
      await this.put({ ...this.get(id), ...(report ? { state: 'done', report } : { state: 'cancelled' }) });
    } catch (error) {
      const failed: AttentionStudy = { ...this.get(id), state: 'failed', failure: plainFailure(error) };
      await this.put(failed).catch((cause: unknown) => {
        // Where it cannot be written it is still over.
        this.tell(failed);
        throw cause;
      });
    }
  }

  private tell(study: AttentionStudy): void {
    this.studies.set(study.id, study);
    this.options.events.publish({ kind: 'attention', study });
  }

  /** Told when it is written: what is over can be deleted. */
  private async put(study: AttentionStudy): Promise<void> {
    await writeJsonFile(this.file(study.id), study);
    this.tell(study);
  }
}
