/** Whether a checkpoint's files are still those that were saved. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST, manifestSchema, type Manifest } from '../../../shared/checkpoint-manifest.ts';
import { messageOf } from '../../../shared/errors.ts';
import { readJsonFile } from '../json-file.ts';

const CHUNK_BYTES = 1 << 20;

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function fileProblem(
  folder: string,
  { name, bytes, sha256 }: Manifest['files'][number],
): Promise<string | undefined> {
  const file = join(folder, name);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return `${name} is missing`;
  if (found.size !== bytes) return `${name} has ${found.size} bytes, its manifest says ${bytes}`;
  return (await sha256Of(file)) === sha256 ? undefined : `${name} is damaged: its SHA-256 differs from the manifest`;
}

/**
 * Compares every file of a checkpoint with its manifest. It reads them whole.
 *
 * @param folder of the checkpoint
 * @returns what is wrong first; undefined where nothing is
 */
export async function checkpointProblem(folder: string): Promise<string | undefined> {
  try {
    const manifest = await readJsonFile(join(folder, MANIFEST), manifestSchema);
    if (!manifest) return `${MANIFEST} is missing or cannot be read: the save did not finish`;
    for (const file of manifest.files) {
      const problem = await fileProblem(folder, file);
      if (problem !== undefined) return problem;
    }
    return undefined;
  } catch (error) {
    // A checkpoint that is pruned while it is read, or on a disk that fails.
    return messageOf(error);
  }
}
