import { randomUUID } from 'node:crypto';
import type { ModelExport, NewExport } from '../../../shared/api/models.ts';
import type { ExportJob } from '../../../shared/export.ts';
import { runEngineJob } from '../engine-job.ts';
import type { JobBoard } from '../jobs/job-board.ts';
import { notFound } from '../request-error.ts';
import { allowedPath, shownPath, type Workspace } from '../workspace.ts';
import type { ModelLibrary } from './model-library.ts';

/** Exports that are remembered. */
const KEPT = 20;

export interface ModelExportsSetup {
  readonly workspace: Workspace;
  /** Folder that may be written below, besides the workspace. */
  readonly root: string;
  readonly board: JobBoard;
  readonly models: ModelLibrary;
  readonly entry?: string;
}

/** Models that are written as folders for Python, each by an engine process of its own. */
export class ModelExports {
  private readonly setup: ModelExportsSetup;
  private readonly exports = new Map<string, ModelExport>();

  constructor(setup: ModelExportsSetup) {
    this.setup = setup;
  }

  /** @throws RequestError where there is none of that id */
  get(id: string): ModelExport {
    const found = this.exports.get(id);
    if (!found) throw notFound('such export');
    return found;
  }

  /**
   * Begins an export; its job tells how far it is and what went wrong.
   *
   * @throws InputError where the folder may not be written, RequestError where there is no such model
   */
  async start({ model, folder, ...options }: NewExport): Promise<ModelExport> {
    const { workspace, root, models } = this.setup;
    const target = await allowedPath(folder, workspace, root);
    const job: ExportJob = { kind: 'export', model: models.folderOf(model), folder: target, ...options };
    const id = randomUUID();
    const title = `Export ${model} to ${shownPath(target, workspace)}`;
    // The board calls the work at once, and takes note of its failure.
    this.setup.board
      .track({ kind: 'export', title, subject: id }, (signal, shown) => this.run({ id, job: shown.id }, job, signal))
      .catch(() => undefined);
    return this.get(id);
  }

  private async run(shown: ModelExport, job: ExportJob, signal: AbortSignal): Promise<void> {
    const { board, entry } = this.setup;
    this.exports.set(shown.id, shown);
    for (const old of [...this.exports.keys()].slice(0, -KEPT)) this.exports.delete(old);
    for await (const message of runEngineJob(job, signal, entry)) {
      if (message.type === 'export-progress') board.update(shown.job, { done: message.progress.done });
      if (message.type === 'exported') this.exports.set(shown.id, { ...shown, exported: message.exported });
    }
  }
}
