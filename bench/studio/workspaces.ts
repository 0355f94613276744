/** Workspaces as their users have them. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { writeLongRun } from '../long-run.ts';
import { writeConversations } from './conversations.ts';
import { openSession, until, type Ask } from './studio-client.ts';
import { startStudio } from './studio-process.ts';

export const FULL_RUNS = 50;
export const FULL_STEPS = 2000;
export const FULL_SAMPLES = 50_000;

const recipeFile = fileURLToPath(new URL('../../resources/recipes/easy-vqa-4stage.yaml', import.meta.url));
const datasetSchema = z.object({ id: z.string(), state: z.string() });
const detailSchema = z.object({ dataset: datasetSchema });

/** The recipe that made-up runs say they were made with. */
export const longRunRecipe = (): Promise<string> => readFile(recipeFile, 'utf8');

/** Imports a conversation file and resolves to the dataset's id when it is there. */
export async function importDataset(ask: Ask, file: string): Promise<string> {
  const { id } = datasetSchema.parse(await ask('/datasets', { path: file }));
  await until(async () => {
    const { dataset } = detailSchema.parse(await ask(`/datasets/${id}`));
    if (dataset.state === 'failed') throw new Error(`${file} could not be imported`);
    return dataset.state === 'ready' ? true : undefined;
  }, 'the imported dataset');
  return id;
}

/** Fills a folder with runs, each of some thousand steps, and an imported dataset. */
export async function fillWorkspace(folder: string): Promise<void> {
  const recipe = await longRunRecipe();
  for (let run = 0; run < FULL_RUNS; run++) await writeLongRun(join(folder, 'runs'), `run-${run}`, FULL_STEPS, recipe);
  const file = join(folder, 'data', 'made-up', 'train.jsonl');
  await mkdir(join(folder, 'data', 'made-up'), { recursive: true });
  await writeConversations(file, { records: FULL_SAMPLES, pictureEvery: 4 });
  const studio = await startStudio(folder);
  try {
    await importDataset(await openSession(studio), file);
  } finally {
    await studio.stop();
  }
}
