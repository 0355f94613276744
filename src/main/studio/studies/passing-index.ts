import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetIndex } from '../datasets/dataset-index.ts';
import { runDatasetJob } from '../datasets/dataset-job.ts';

/**
 * Reads a conversation file through, for work that needs its index once.
 *
 * @param images folder of the images; by default `images` beside the file
 * @throws InputError where the file cannot be read
 */
export async function withIndex<T>(
  file: string,
  images: string | undefined,
  work: (index: DatasetIndex) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'llavolta-index-'));
  try {
    await runDatasetJob({ kind: 'index', file, folder, ...(images !== undefined && { images }) }, () => undefined);
    const index = await DatasetIndex.open(folder);
    try {
      return await work(index);
    } finally {
      await index.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
