import { join } from 'node:path';
import type { DatasetJob, ShapesOptions } from '../../shared/dataset-source.ts';
import { InputError } from '../../shared/errors.ts';
import { runDatasetJob } from '../studio/datasets/dataset-job.ts';
import type { LiveLine } from '../terminal/live-line.ts';
import { readPictureQuestions, type PictureQuestion } from './questions.ts';

/** Pictures with questions about them, one list for each picture. */
export interface DemoData {
  readonly name: 'easy-vqa' | 'shapes';
  /** Conversation files, relative to the working folder where the data folder is. */
  readonly train: string;
  readonly test: string;
  readonly trainQuestions: readonly (readonly PictureQuestion[])[];
  readonly testQuestions: readonly (readonly PictureQuestion[])[];
  /** What the tower's recipe must say other than for easy-VQA. */
  readonly towerOverrides: readonly string[];
}

/** Where the data comes from. */
export interface DemoDataOptions {
  /** Folder of the datasets' folders. */
  readonly folder: string;
  /** Do not try to download. */
  readonly offline: boolean;
  readonly shapes: ShapesOptions;
}

/** Pictures of several objects: each question is asked about few of them. */
export const SHAPES_OVERRIDES: readonly string[] = ['vision.minimumQuestionCount=20'];

function jobFor(name: DemoData['name'], folder: string, options: ShapesOptions): DatasetJob {
  const place = { folder, replace: false };
  return name === 'easy-vqa' ? { kind: name, ...place } : { kind: name, ...place, options };
}

async function provide(name: DemoData['name'], options: DemoDataOptions, line: LiveLine): Promise<DemoData> {
  const folder = join(options.folder, name);
  await runDatasetJob(jobFor(name, folder, options.shapes), ({ phase, done, total }) =>
    line.show(`${phase}: ${Math.floor((100 * done) / total)} %`),
  );
  const files = { train: join(folder, 'train.jsonl'), test: join(folder, 'test.jsonl') };
  const images = join(folder, 'images');
  return {
    ...{ name, ...files },
    trainQuestions: readPictureQuestions(files.train, images),
    testQuestions: readPictureQuestions(files.test, images),
    towerOverrides: name === 'shapes' ? SHAPES_OVERRIDES : [],
  };
}

/** easy-VQA where it is there or can be downloaded, else pictures that are drawn here, saying so. */
export async function getDemoData(options: DemoDataOptions, line: LiveLine): Promise<DemoData> {
  if (options.offline) return provide('shapes', options, line);
  try {
    return await provide('easy-vqa', options, line);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { file, rule } = error.problem;
    line.print(`  easy-VQA is not to be had: ${file ?? 'it'} ${rule}.`);
    line.print('  So the demo takes the shapes dataset instead, whose pictures and questions are made here.');
    return provide('shapes', options, line);
  }
}
