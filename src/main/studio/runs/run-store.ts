import { existsSync, statSync, type Stats } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RUN_NAME } from '../../../shared/engine-protocol.ts';
import type { RunChange, RunDetail, RunSummary } from '../../../shared/api/runs.ts';
import { conflict, notFound } from '../request-error.ts';
import { shownPath, type Workspace } from '../workspace.ts';
import { MetricsTable } from './metrics-table.ts';
import {
  CHECKPOINT_NAME,
  readCheckpoints,
  readEvaluations,
  readNotes,
  readRecord,
  readRunRecipe,
  RUN_PATHS,
  writeNotes,
} from './run-files.ts';
import { runOwner } from './run-owner.ts';
import { definedOnly, summarise, type LiveState } from './run-summary.ts';

/** Of a file: another one when it changes. */
const signatureOf = (info: Stats | undefined): string => `${info?.mtimeMs ?? 0}:${info?.size ?? 0}`;

/** Runs that are read at once. */
const AT_ONCE = 8;

interface ReadRecipe {
  /** Of the file that was read. */
  readonly signature: string;
  readonly read: ReturnType<typeof readRunRecipe>;
}

/** The runs in a workspace's folder. Its files are the truth: whoever writes them, they are read as they are. */
export class RunStore {
  private readonly workspace: Workspace;
  private readonly tables = new Map<string, MetricsTable>();
  /** Recipes as they were read last: they hardly ever change, and reading one takes longer than all else of a summary. */
  private readonly recipes = new Map<string, ReadRecipe>();
  /** What is known of runs in training, beyond their files. */
  private readonly liveStateOf: (name: string) => LiveState;

  constructor(workspace: Workspace, liveStateOf: (name: string) => LiveState) {
    this.workspace = workspace;
    this.liveStateOf = liveStateOf;
  }

  folderOf(name: string): string {
    // The name is one of a folder: it cannot lead out of the runs.
    if (!RUN_NAME.test(name)) throw notFound(`run ${name}`);
    return join(this.workspace.runs, name);
  }

  /** Folder of a run's checkpoint. @throws RequestError where there is none of that name */
  checkpointFolder(run: string, checkpoint: string): string {
    const folder = join(this.folderOf(run), RUN_PATHS.checkpoints, checkpoint);
    if (!CHECKPOINT_NAME.test(checkpoint) || !existsSync(folder)) throw notFound(`checkpoint ${checkpoint}`);
    return folder;
  }

  has(name: string): boolean {
    return RUN_NAME.test(name) && existsSync(join(this.folderOf(name), RUN_PATHS.record));
  }

  /** Whether a run can not be made under this name. */
  isTaken(name: string): boolean {
    return existsSync(this.folderOf(name));
  }

  /** Names of the folders that hold a run.json. */
  async names(): Promise<string[]> {
    const names = await readdir(this.workspace.runs).catch(() => []);
    return names.filter((name) => this.has(name));
  }

  /** Rows of all runs; those that cannot be read are left out. */
  async summaries(): Promise<RunSummary[]> {
    const names = await this.names();
    const summaries: RunSummary[] = [];
    for (let i = 0; i < names.length; i += AT_ONCE) {
      const some = await Promise.all(names.slice(i, i + AT_ONCE).map((name) => this.summary(name)));
      summaries.push(...some.flatMap((summary) => summary ?? []));
    }
    return summaries;
  }

  /** The row of a run; undefined where there is none of that name. */
  async summary(name: string): Promise<RunSummary | undefined> {
    const folder = this.folderOf(name);
    const record = await readRecord(folder);
    if (!record) return undefined;
    const [{ recipe }, notes, evaluations, owner, metrics] = await Promise.all([
      this.recipe(name),
      readNotes(folder),
      readEvaluations(folder),
      runOwner(folder),
      this.metrics(name),
    ]);
    const parts = { folder, record, recipe, notes, metrics, evaluations, isHeld: owner !== undefined };
    return summarise(name, parts, this.liveStateOf(name));
  }

  /** @throws RequestError where there is no such run */
  async detail(name: string): Promise<RunDetail> {
    const folder = this.folderOf(name);
    const [summary, record] = [await this.summary(name), await readRecord(folder)];
    if (!summary || !record) throw notFound(`run ${name}`);
    const { yaml, recipe } = await this.recipe(name);
    const shown = (path: string): string => shownPath(path, this.workspace);
    return {
      ...{ summary, record, recipeYaml: yaml, folder: shown(folder) },
      ...definedOnly({ recipe }),
      checkpoints: await readCheckpoints(folder, shown),
      evaluations: await readEvaluations(folder),
    };
  }

  /** What a run trains. */
  async phase(name: string): Promise<RunSummary['phase']> {
    return (await this.recipe(name)).recipe?.phase ?? 'instruct';
  }

  private async recipe(name: string): ReturnType<typeof readRunRecipe> {
    const folder = this.folderOf(name);
    const info = await stat(join(folder, RUN_PATHS.recipe)).catch(() => undefined);
    const signature = signatureOf(info);
    const known = this.recipes.get(name);
    if (known?.signature === signature) return known.read;
    const read = readRunRecipe(folder);
    this.recipes.set(name, { signature, read });
    return read;
  }

  /** The run's metrics, up to date. */
  async metrics(name: string): Promise<MetricsTable> {
    const table = this.tables.get(name) ?? new MetricsTable(join(this.folderOf(name), RUN_PATHS.metrics));
    this.tables.set(name, table);
    await table.refresh();
    return table;
  }

  async change(name: string, { title, tags, note }: RunChange): Promise<void> {
    const folder = this.folderOf(name);
    if (!this.has(name)) throw notFound(`run ${name}`);
    await writeNotes(folder, { ...(await readNotes(folder)), ...definedOnly({ title, tags, note }) });
  }

  /** Deletes a run with all of its files. @throws RequestError where a process trains it */
  async remove(name: string): Promise<void> {
    if (!this.has(name)) throw notFound(`run ${name}`);
    const folder = this.folderOf(name);
    const owner = await runOwner(folder);
    if (owner) throw conflict(`${name} is in training (process ${owner.pid})`, 'Stop it first');
    await rm(folder, { recursive: true });
    this.tables.delete(name);
    this.recipes.delete(name);
  }

  /**
   * When the folder of a run changed, in short: files came, went or were replaced, by a training that begins, a new
   * run.json or an evaluation. Rows of metrics that are added change nothing here.
   */
  folderSignature(name: string): string {
    const folder = this.folderOf(name);
    // At once: two calls to the system take less than handing them to another thread.
    const infos = [folder, join(folder, RUN_PATHS.evaluations)].map((path) =>
      statSync(path, { throwIfNoEntry: false }),
    );
    return infos.map((info) => info?.mtimeMs ?? 0).join(' ');
  }

  /** Whether a living process holds a run. */
  async isHeld(name: string): Promise<boolean> {
    return (await runOwner(this.folderOf(name))) !== undefined;
  }

  /** What of a run's files a summary depends on, short: it is another one when they change. */
  async signature(name: string): Promise<string> {
    const folder = this.folderOf(name);
    const files = [RUN_PATHS.record, RUN_PATHS.metrics, RUN_PATHS.notes, RUN_PATHS.evaluations, RUN_PATHS.final];
    const infos = await Promise.all(files.map((file) => stat(join(folder, file)).catch(() => undefined)));
    const owner = await runOwner(folder);
    return [...infos.map(signatureOf), owner?.pid ?? ''].join(' ');
  }
}
