import { copyFile, link, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../model/durable-file.ts';
import { modelFilesOf } from './checkpoint-read.ts';

/** A second name for the same bytes; a copy where the file system has no hard links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

/**
 * Makes `folder` a plain Hugging Face model folder with the model of a checkpoint. It takes no further space where
 * the file system has hard links, and stays whole when the checkpoint is deleted.
 */
export async function publishModel(checkpoint: string, folder: string): Promise<void> {
  const temporary = `${folder}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  for (const name of await modelFilesOf(checkpoint)) await linkOrCopy(join(checkpoint, name), join(temporary, name));
  await syncFolder(temporary);
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
  await syncFolder(dirname(folder));
}
