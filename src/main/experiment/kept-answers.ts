/** What a run answered to an experiment's questions: asked once, kept with every single answer. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { formatCompression, parseCompression } from '../../shared/compression.ts';
import { InputError } from '../../shared/errors.ts';
import type { EvaluateJob } from '../../shared/evaluation.ts';
import type { ExecutionMode } from '../../shared/execution-mode.ts';
import { ANSWERS_FORMAT, keptAnswersSchema, type KeptAnswers } from '../../shared/experiment/answers.ts';
import type { Experiment } from '../../shared/experiment/experiment.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { finalCompression } from '../report/run-result.ts';
import { FileMemory, fileStamp } from '../runs/file-memory.ts';
import type { FoundRun } from '../runs/find-run.ts';

/** What makes kept answers the ones that are wanted. */
export type AnswersKey = Omit<KeptAnswers, 'format' | 'report' | 'answers'>;

/** The setting a finished run ended with first, then the others, each once. */
function compressionsOf({ record }: FoundRun, others: readonly string[]): string[] {
  const own = finalCompression(record);
  return [...new Set([own, ...others].map((notation) => formatCompression(parseCompression(notation))))];
}

/** @param found a finished run */
export function answersKey(
  { test }: Experiment,
  found: FoundRun,
  { run, compressions }: { readonly run: string; readonly compressions: readonly string[] },
  dataSha256: string,
): AnswersKey {
  const { questions, maxTokens, images } = test;
  const asked = compressionsOf(found, compressions);
  return {
    ...{ run, runCreatedAt: found.record.createdAt, dataSha256, compressions: asked, questions, maxTokens },
    ...(images !== undefined && { images }),
  };
}

function readKept(file: string): KeptAnswers | undefined {
  try {
    return keptAnswersSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The kept answers where they are those that are wanted; a file of other answers, or a damaged one, is no answer. */
export function readAnswers(file: string, key: AnswersKey): KeptAnswers | undefined {
  const data = existsSync(file) ? readKept(file) : undefined;
  if (!data) return undefined;
  return isDeepStrictEqual(keyOf(data), key) ? data : undefined;
}

function keyOf({ format: _, report: __, answers: ___, ...key }: KeptAnswers): AnswersKey {
  return key;
}

const keys = new FileMemory<AnswersKey | undefined>();

/** Whether the kept answers are those that are wanted. The file is not read again as long as it does not change. */
export function hasAnswers(file: string, key: AnswersKey): boolean {
  const stamp = fileStamp(file);
  if (stamp === undefined) return false;
  return isDeepStrictEqual(keys.recall(file) ?? keys.keep(file, stamp, storedKey(file)), key);
}

function storedKey(file: string): AnswersKey | undefined {
  const data = readKept(file);
  return data && keyOf(data);
}

/** The questions a model of a run is asked, of a video with as many frames as it was trained on. */
export function questionsJob(
  { test }: Experiment,
  found: FoundRun,
  { compressions }: AnswersKey,
  { recipe, execution }: { readonly recipe: Recipe; readonly execution?: ExecutionMode | undefined },
): EvaluateJob {
  const { data, images, questions, batchSize, maxTokens } = test;
  return {
    kind: 'evaluate',
    ...{ model: resolve(found.folder), data: resolve(data), compressions, batchSize, maxTokens, reportsAnswers: true },
    ...(images !== undefined && { images: resolve(images) }),
    ...(recipe.phase !== 'vision' && { frames: recipe.data.frames }),
    ...(questions !== 'all' && { limit: questions }),
    ...(execution && { execution }),
  };
}

/** @throws Error where there is not an answer to every question: the engine broke its word */
export function keptAnswers(
  key: AnswersKey,
  { report, answers }: Pick<KeptAnswers, 'report' | 'answers'>,
): KeptAnswers {
  if (answers.length !== report.questions) {
    throw new Error(`${answers.length} answers were told of ${report.questions}`);
  }
  return { format: ANSWERS_FORMAT, ...key, report, answers };
}

/** @throws InputError where the file of questions is not there */
export function checkTestData({ test }: Experiment): void {
  if (existsSync(test.data)) return;
  const hint = `Get the data first, as the experiment's file says, and start in the folder that holds ${join(test.data, '..')}`;
  throw new InputError({ file: test.data, field: 'test.data', rule: 'is not there', hint });
}
