/** Asks what a study still lacks, and writes down what it found. Terminal and studio run studies by this alone. */
import { resolve } from 'node:path';
import { InputError } from '../../../shared/errors.ts';
import type { EvaluateJob, EvaluatedAnswer, EvaluationProgress } from '../../../shared/evaluation.ts';
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import { scoresOf } from '../../../shared/redundancy-study.ts';
import { runEngineJob } from '../engine-job.ts';
import { writeJsonFile, writeTextFile } from '../json-file.ts';
import { plainFailure } from '../request-error.ts';
import type { Workspace } from '../workspace.ts';
import { weightFiles } from './plan-study.ts';
import { resultSoFar } from './result-job.ts';
import type { StudyFolder, StudyRecord } from './study-folder.ts';
import { studyCsv, studyMarkdown } from './study-text.ts';

export interface StudyRun {
  readonly folder: StudyFolder;
  readonly record: StudyRecord;
  readonly workspace: Workspace;
  /** Asks it to end early: the batch at hand is still answered and kept. */
  readonly signal?: AbortSignal;
  readonly execution?: ExecutionMode;
  /** The engine's program; its own unless a test says otherwise. */
  readonly entry?: string;
}

/** @throws InputError where the weights are not those that gave the answers there are */
async function checkWeights(modelFolder: string, { weights }: StudyRecord): Promise<void> {
  const now = await weightFiles(modelFolder).catch(() => []);
  if (JSON.stringify(now) === JSON.stringify(weights)) return;
  const rule = now.length === 0 ? 'is not there any more' : 'has changed since the study was begun';
  throw new InputError({ file: modelFolder, rule, hint: 'Begin a new study: answers of two models are not mixed' });
}

async function writeResult({ folder, record }: StudyRun): Promise<void> {
  const result = await resultSoFar(folder);
  if (!result) return;
  await writeTextFile(folder.file('markdown'), studyMarkdown(record, result));
  await writeTextFile(folder.file('csv'), studyCsv(result));
  // Last: with this file the study is done.
  await writeJsonFile(folder.file('result'), result);
}

async function* askMissing(run: StudyRun, answers: EvaluatedAnswer[]): AsyncGenerator<EvaluationProgress> {
  const { folder, record, workspace, signal, execution, entry } = run;
  const { request, compressions, total } = record;
  const progress = (): EvaluationProgress => ({
    ...{ done: answers.length, total },
    scores: scoresOf(answers, compressions),
  });
  yield progress();
  if (answers.length >= total) return;
  const job: EvaluateJob = {
    ...{ kind: 'evaluate', compressions: [...compressions], reportsAnswers: true },
    ...{ model: resolve(workspace.folder, record.modelFolder), data: folder.file('questions') },
    ...{ images: resolve(workspace.folder, record.images), answered: answers.map(({ id }) => id) },
    ...{ batchSize: request.batchSize, maxTokens: request.maxTokens, ...(execution && { execution }) },
  };
  const known = new Map(answers.map((answer) => [answer.id, answer]));
  for await (const message of runEngineJob(job, signal, entry)) {
    if (message.type !== 'evaluation-answers') continue;
    await folder.keepBatch(message.answers, message.times);
    for (const answer of message.answers) known.set(answer.id, answer);
    answers.splice(0, answers.length, ...known.values());
    yield progress();
  }
}

/**
 * Asks the questions that have no answer yet and, when all have one, writes the result. Whatever ends it, what was
 * answered is kept.
 *
 * @throws InputError where the model has changed or another process is at it, JobFailure where the engine fails
 */
export async function* runStudy(run: StudyRun): AsyncGenerator<EvaluationProgress> {
  const { folder, record, workspace } = run;
  const letGo = await folder.lock();
  try {
    await folder.setFailure(undefined);
    await checkWeights(resolve(workspace.folder, record.modelFolder), record);
    await folder.mend();
    const answers = await folder.answers(record);
    yield* askMissing(run, answers);
    if (answers.length >= record.total) await writeResult(run);
  } catch (error) {
    await folder.setFailure(plainFailure(error));
    throw error;
  } finally {
    await letGo();
  }
}
