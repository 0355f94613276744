/** What a run's folder holds, read as it is at this moment: its engine may be writing it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  sampleAnswerSchema,
  type CheckpointSummary,
  type SampleAnswer,
  type SavedEvaluation,
} from '../../../shared/api/runs.ts';
import { evaluationReportSchema } from '../../../shared/evaluation.ts';
import { parseRecipe } from '../../../shared/recipe-yaml.ts';
import type { WrittenRecipe } from '../../../shared/recipe.ts';
import { parseVersioned, RUN_FORMAT, runRecordSchema, type RunRecord } from '../../../shared/run-record.ts';
import { folderSize } from '../folder-size.ts';
import { readJsonFile, writeJsonFile } from '../json-file.ts';

/** Names in a run's folder. Those of the engine are fixed by it; `notes` and `log` are the studio's. */
export const RUN_PATHS = {
  record: 'run.json',
  recipe: 'recipe.yaml',
  metrics: 'metrics.jsonl',
  forecast: 'forecast.json',
  samples: 'samples.jsonl',
  checkpoints: 'checkpoints',
  final: 'final',
  evaluations: 'evaluations',
  notes: 'studio.json',
  log: 'studio-log.jsonl',
} as const;

/** What its user wrote about a run. */
export const runNotesSchema = z.strictObject({
  title: z.string().optional(),
  tags: z.array(z.string()).default([]),
  note: z.string().default(''),
});
export type RunNotes = z.output<typeof runNotesSchema>;
export const NO_NOTES: RunNotes = { tags: [], note: '' };

/** run.json; undefined where the folder is no run, or one of another version of this program. */
export async function readRecord(folder: string): Promise<RunRecord | undefined> {
  const file = join(folder, RUN_PATHS.record);
  try {
    return parseVersioned(runRecordSchema, JSON.parse(await readFile(file, 'utf8')), file, RUN_FORMAT);
  } catch {
    return undefined;
  }
}

/** The recipe's text, and its value where this version can read it. */
export async function readRunRecipe(folder: string): Promise<{ yaml: string; recipe?: WrittenRecipe }> {
  const file = join(folder, RUN_PATHS.recipe);
  const yaml = await readFile(file, 'utf8').catch(() => '');
  try {
    return { yaml, recipe: parseRecipe(yaml, file) };
  } catch {
    return { yaml };
  }
}

export async function readNotes(folder: string): Promise<RunNotes> {
  return (await readJsonFile(join(folder, RUN_PATHS.notes), runNotesSchema)) ?? NO_NOTES;
}

export async function writeNotes(folder: string, notes: RunNotes): Promise<void> {
  await writeJsonFile(join(folder, RUN_PATHS.notes), notes);
}

/** Folder name of a checkpoint: `step-120`, between micro-batches `step-120.1`. */
export const CHECKPOINT_NAME = /^step-(\d+)(?:\.(\d+))?$/;

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** Checkpoints, newest first. `modelPath` gives a folder's id among the models. */
export async function readCheckpoints(
  folder: string,
  modelPath: (folder: string) => string,
): Promise<CheckpointSummary[]> {
  const parent = join(folder, RUN_PATHS.checkpoints);
  const found = (await namesIn(parent)).flatMap((name) => {
    const [, step, micro] = CHECKPOINT_NAME.exec(name) ?? [];
    return step === undefined ? [] : [{ name, step: Number(step), microBatch: Number(micro ?? 0) }];
  });
  found.sort((a, b) => b.step - a.step || b.microBatch - a.microBatch);
  return Promise.all(
    found.map(async (checkpoint) => {
      const path = join(parent, checkpoint.name);
      const info = await stat(path).catch(() => undefined);
      const savedAt = (info?.mtime ?? new Date(0)).toISOString();
      return { ...checkpoint, bytes: await folderSize(path), savedAt, model: modelPath(path) };
    }),
  );
}

/** Evaluations that were saved in the run's folder, newest first. */
export async function readEvaluations(folder: string): Promise<SavedEvaluation[]> {
  const parent = join(folder, RUN_PATHS.evaluations);
  const names = (await namesIn(parent)).filter((name) => name.endsWith('.json'));
  const read = names.map(async (name): Promise<SavedEvaluation[]> => {
    const file = join(parent, name);
    const report = await readJsonFile(file, evaluationReportSchema);
    if (!report) return [];
    const savedAt = (await stat(file)).mtime.toISOString();
    return [{ name: name.slice(0, -'.json'.length), savedAt, report }];
  });
  return (await Promise.all(read)).flat().sort((a, b) => (a.savedAt < b.savedAt ? 1 : -1));
}

/** Answers that the model gave while it was trained; none where the run asks nothing. */
export async function readSamples(folder: string): Promise<SampleAnswer[]> {
  const text = await readFile(join(folder, RUN_PATHS.samples), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return sampleAnswerSchema.safeParse(JSON.parse(line)).data ?? [];
    } catch {
      return [];
    }
  });
}
