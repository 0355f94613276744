import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError, codeOf } from '../../../shared/errors.ts';
import { parseVersioned, RUN_FORMAT, runRecordSchema, type RunRecord } from '../../../shared/run-record.ts';
import { writeTextDurably } from '../model/durable-file.ts';
import { parseStrictJson } from '../model/strict-json.ts';
import { cleanUp } from './checkpoint-write.ts';
import { acquireRunLock, type RunLock } from './run-lock.ts';

/** Where things are in a run's folder. */
export const RUN_FILES = {
  recipe: 'recipe.yaml',
  record: 'run.json',
  metrics: 'metrics.jsonl',
  forecast: 'forecast.json',
  checkpoints: 'checkpoints',
  final: 'final',
  nonFinite: 'non-finite.json',
} as const;

const CANNOT_WRITE = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'];

/** Does what needs a folder that can be written, and says so where it cannot. Asking beforehand would prove nothing. */
async function writing<T>(folder: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!CANNOT_WRITE.includes(code)) throw error;
    const hint = 'Check its permissions and that the disk is not read-only';
    throw new InputError({ file: folder, rule: `cannot be written (${code})`, hint }, { cause: error });
  }
}

function firstRecord(folder: string): RunRecord {
  const now = new Date().toISOString();
  return {
    format: RUN_FORMAT,
    name: basename(folder),
    createdAt: now,
    updatedAt: now,
    state: 'created',
    workingFolder: process.cwd(),
    versions: {},
    progress: { step: 0, microBatch: 0 },
    totals: {},
    sessions: [],
  };
}

/** Reads and checks a run.json. @throws InputError naming the field and the rule */
export async function readRunRecord(folder: string): Promise<RunRecord> {
  const file = join(folder, RUN_FILES.record);
  const bytes = await readFile(file).catch((error: unknown) => {
    const rule =
      codeOf(error) === 'ENOENT' ? 'is missing: this is no folder of a run' : `cannot be read (${codeOf(error)})`;
    throw new InputError({ file, rule }, { cause: error });
  });
  return parseVersioned(runRecordSchema, parseStrictJson(bytes, file), file, RUN_FORMAT);
}

/** A run's folder while this process holds it. Close it when done. */
export class RunFolder {
  readonly folder: string;
  private readonly lock: RunLock;
  private current: RunRecord;

  private constructor(folder: string, lock: RunLock, record: RunRecord) {
    this.folder = folder;
    this.lock = lock;
    this.current = record;
  }

  /** @throws InputError where there is something in the folder already */
  static checkNew(folder: string): void {
    if (!existsSync(folder) || readdirSync(folder).length === 0) return;
    const hint = `Take another name (--run) or go on with it (--resume ${folder})`;
    throw new InputError({ file: folder, rule: 'already holds files: a run needs a folder of its own', hint });
  }

  /**
   * Makes the folder of a new run.
   *
   * @param recipe YAML text of the resolved recipe
   * @throws InputError where the folder holds something or cannot be written
   */
  static async create(folder: string, recipe: string): Promise<RunFolder> {
    await writing(folder, () => mkdir(folder, { recursive: true }));
    RunFolder.checkNew(folder);
    return RunFolder.locked(folder, async (lock) => {
      const run = new RunFolder(folder, lock, firstRecord(folder));
      await mkdir(run.path('checkpoints'));
      await writeTextDurably(run.path('recipe'), recipe);
      await run.update({});
      return run;
    });
  }

  /**
   * Opens the folder of a run to go on with it, and clears what a save left that was cut off.
   *
   * @throws InputError where it is no run, cannot be written, or another process holds it
   */
  static async open(folder: string): Promise<RunFolder> {
    // Before the lock, which would be a file in a folder that may be no run's.
    await readRunRecord(folder);
    return RunFolder.locked(folder, async (lock) => {
      const run = new RunFolder(folder, lock, await readRunRecord(folder));
      await mkdir(run.path('checkpoints'), { recursive: true });
      await cleanUp(run.path('checkpoints'));
      return run;
    });
  }

  private static async locked(folder: string, open: (lock: RunLock) => Promise<RunFolder>): Promise<RunFolder> {
    const lock = await writing(folder, () => acquireRunLock(folder));
    try {
      return await writing(folder, () => open(lock));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  get record(): RunRecord {
    return this.current;
  }

  /** Path of one of the run's files. */
  path(file: keyof typeof RUN_FILES): string {
    return join(this.folder, RUN_FILES[file]);
  }

  /** Changes run.json: the old or the new one is there at any moment. */
  async update(changes: Partial<RunRecord>): Promise<void> {
    this.current = runRecordSchema.parse({ ...this.current, ...changes, updatedAt: new Date().toISOString() });
    await writeTextDurably(this.path('record'), `${JSON.stringify(this.current, null, 2)}\n`);
  }

  /** Lets other processes have the run. */
  close(): void {
    this.lock.release();
  }
}
