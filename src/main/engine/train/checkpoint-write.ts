import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../shared/errors.ts';
import { saveAdapterFolder } from '../model/adapter-folder.ts';
import { syncFolder, writeTextDurably } from '../model/durable-file.ts';
import { saveModelFolder } from '../model/model-folder.ts';
import { writeSafetensors } from '../model/safetensors-write.ts';
import {
  CHECKPOINT_FORMAT,
  checkpointName,
  comparePositions,
  MANIFEST,
  OPTIMIZER,
  positionOf,
  sha256OfFile,
  STATE,
  type Checkpoint,
  type Manifest,
  type RunPosition,
} from './checkpoint-format.ts';
import { loopStateSchema } from './loop-state.ts';

/** The operations that put a checkpoint on the disk, in one place so that a test can let each of them fail. */
export interface Disk {
  readonly saveModelFolder: typeof saveModelFolder;
  readonly saveAdapterFolder: typeof saveAdapterFolder;
  readonly writeSafetensors: typeof writeSafetensors;
  readonly writeText: typeof writeTextDurably;
  readonly rename: typeof rename;
  readonly syncFolder: typeof syncFolder;
}

export const DISK: Disk = {
  saveModelFolder,
  saveAdapterFolder,
  writeSafetensors,
  writeText: writeTextDurably,
  rename,
  syncFolder,
};

const TEMPORARY = /^\.step-.*\.tmp$/;
const REPLACED = /^\.(step-.*)\.replaced$/;

/** Size and hash of every file, read back from the disk. */
async function describeFiles(folder: string): Promise<Manifest['files']> {
  const names = (await readdir(folder)).sort();
  return Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      return { name, bytes: (await stat(file)).size, sha256: await sha256OfFile(file) };
    }),
  );
}

async function writeFiles(folder: string, checkpoint: Checkpoint, disk: Disk): Promise<void> {
  const { state, optimizer, companions, adapter } = checkpoint;
  await mkdir(folder, { recursive: true });
  if (adapter) await disk.saveAdapterFolder(folder, checkpoint, adapter, companions);
  else await disk.saveModelFolder(folder, checkpoint, companions);
  await disk.writeSafetensors(join(folder, OPTIMIZER), optimizer);
  const stateFile = { format: CHECKPOINT_FORMAT, state: loopStateSchema.parse(state) };
  await disk.writeText(join(folder, STATE), `${JSON.stringify(stateFile, null, 2)}\n`);
  const manifest: Manifest = {
    format: CHECKPOINT_FORMAT,
    createdAt: new Date().toISOString(),
    files: await describeFiles(folder),
  };
  await disk.writeText(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  await disk.syncFolder(folder);
}

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** Moves a folder out of the way. A checkpoint is only ever replaced by one of the same position (one that did not verify). */
async function moveAside(folder: string, aside: string, disk: Disk): Promise<void> {
  await disk.rename(folder, aside).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** Deletes all but the newest `keep` checkpoints up to `saved`, which stays. Later ones are not touched: they did not verify. */
async function prune(checkpoints: string, saved: RunPosition, keep: number): Promise<void> {
  const positions = (await readdir(checkpoints))
    .map(positionOf)
    .filter((position) => position !== undefined)
    .filter((position) => comparePositions(position, saved) <= 0)
    .sort(comparePositions);
  for (const position of positions.slice(0, Math.max(0, positions.length - Math.max(1, keep)))) {
    await rm(join(checkpoints, checkpointName(position)), { recursive: true, force: true });
  }
}

/**
 * Saves a checkpoint so that whatever happens meanwhile (full disk, kill, power cut) leaves a whole one: all files go
 * to a temporary folder and are synchronised, the manifest last; then the folder gets its name; only then older ones go.
 *
 * @param checkpoints folder of the run's checkpoints
 * @param keep how many to keep, this one included
 * @returns the checkpoint's folder
 * @throws the system's error (ENOSPC …); the temporary folder is gone then, unless not even that works
 */
export async function saveCheckpoint(
  checkpoints: string,
  checkpoint: Checkpoint,
  keep: number,
  disk: Disk = DISK,
): Promise<string> {
  const name = checkpointName(checkpoint.state);
  const [folder, temporary, aside] = [name, `.${name}.tmp`, `.${name}.replaced`].map((part) =>
    join(checkpoints, part),
  ) as [string, string, string];
  try {
    await rm(temporary, { recursive: true, force: true });
    await writeFiles(temporary, checkpoint, disk);
    await moveAside(folder, aside, disk);
    await disk.rename(temporary, folder);
    await disk.syncFolder(checkpoints);
  } catch (error) {
    await cleanUp(checkpoints).catch(() => undefined);
    throw error;
  }
  await rm(aside, { recursive: true, force: true });
  await prune(checkpoints, checkpoint.state, keep);
  return folder;
}

/** Removes what a save left that was cut off, and puts back a checkpoint that it had moved aside. */
export async function cleanUp(checkpoints: string): Promise<void> {
  const names = await readdir(checkpoints);
  for (const name of names) {
    const replaced = REPLACED.exec(name)?.[1];
    if (replaced !== undefined && !names.includes(replaced)) {
      await rename(join(checkpoints, name), join(checkpoints, replaced));
    } else if (replaced !== undefined || TEMPORARY.test(name)) {
      await rm(join(checkpoints, name), { recursive: true, force: true });
    }
  }
}
