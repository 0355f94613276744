/** A redundancy study's folder: flat files that people can read, and that say all there is to know about it. */
import { open, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { modelShapeSchema } from '../../../shared/api/models.ts';
import { studyRequestSchema } from '../../../shared/api/studies.ts';
import { InputError } from '../../../shared/errors.ts';
import {
  batchTimesSchema,
  evaluatedAnswerSchema,
  type BatchTimes,
  type EvaluatedAnswer,
} from '../../../shared/evaluation.ts';
import { studyResultSchema, type StudyResult } from '../../../shared/redundancy-study.ts';
import { failureSchema, type Failure } from '../../../shared/run-record.ts';
import { takeLock } from '../file-lock.ts';
import { readJsonFile, writeJsonFile } from '../json-file.ts';
import { lockOwner } from '../runs/run-owner.ts';

/** Version of study.json. */
const FORMAT = 1;

/** Names of the files. */
const STUDY_FILES = {
  /** What was asked, of which model. */
  record: 'study.json',
  /** The questions that were drawn, as a conversation file. */
  questions: 'questions.jsonl',
  /** A line for each question: its answers at every setting, and whether they are right. */
  answers: 'answers.jsonl',
  /** A line for each batch: how long it took at every setting. */
  times: 'times.jsonl',
  result: 'result.json',
  markdown: 'study.md',
  csv: 'study.csv',
  /** Why it could not go on. */
  failure: 'failure.json',
  lock: 'study.lock',
} as const;

const count = z.int().min(0);

/** study.json: written once, before the first question is asked. */
const studyRecordSchema = z.strictObject({
  format: z.literal(FORMAT),
  kind: z.literal('redundancy'),
  createdAt: z.string(),
  request: studyRequestSchema,
  /** All settings in the order they are asked, full first. */
  compressions: z.array(z.string()),
  /** Questions. */
  total: count,
  /** Folder of the model and of the images, relative to the workspace where they lie in it. */
  modelFolder: z.string(),
  images: z.string(),
  shape: modelShapeSchema,
  visualTokens: count,
  /** The model's files of weights as they were: answers of two models are not mixed. */
  weights: z.array(z.strictObject({ name: z.string(), bytes: count, modifiedAt: z.string() })),
});
export type StudyRecord = z.infer<typeof studyRecordSchema>;

export const newRecord = (facts: Omit<StudyRecord, 'format' | 'kind' | 'createdAt'>): StudyRecord => ({
  ...{ format: FORMAT, kind: 'redundancy', createdAt: new Date().toISOString() },
  ...facts,
});

/** Lines of a JSONL file that are whole. One that was being written when the power went is none. */
async function readLines<T extends z.ZodType>(file: string, schema: T): Promise<z.output<T>[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .flatMap((line) => {
      try {
        return [schema.parse(JSON.parse(line))];
      } catch {
        return [];
      }
    });
}

/** Cuts off a line that has no end, so that the next one does not go on behind it. */
async function cutTornLine(file: string): Promise<void> {
  const bytes = await readFile(file).catch(() => undefined);
  const end = bytes ? bytes.lastIndexOf(0x0a) + 1 : 0;
  if (bytes && end < bytes.length) await truncate(file, end);
}

async function appendLines(file: string, values: readonly unknown[]): Promise<void> {
  const handle = await open(file, 'a', 0o600);
  try {
    await handle.writeFile(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Place of a question among those drawn: the engine adds the turn to a record's id, `12#0`. */
const placeOf = ({ id }: Pick<EvaluatedAnswer, 'id'>): number => Number(id.split('#')[0]);

/** One study on the disk. */
export class StudyFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  file(name: keyof typeof STUDY_FILES): string {
    return join(this.path, STUDY_FILES[name]);
  }

  /** Undefined where the folder holds no redundancy study that this version can read. */
  record(): Promise<StudyRecord | undefined> {
    return readJsonFile(this.file('record'), studyRecordSchema);
  }

  /** Undefined until all questions are answered. */
  result(): Promise<StudyResult | undefined> {
    return readJsonFile(this.file('result'), studyResultSchema);
  }

  failure(): Promise<Failure | undefined> {
    return readJsonFile(this.file('failure'), failureSchema);
  }

  async setFailure(failure: Failure | undefined): Promise<void> {
    if (failure) await writeJsonFile(this.file('failure'), failure);
    else await rm(this.file('failure'), { force: true });
  }

  /** Answers there are, in the order of the questions; each question once. */
  async answers({ compressions }: Pick<StudyRecord, 'compressions'>): Promise<EvaluatedAnswer[]> {
    const all = await readLines(this.file('answers'), evaluatedAnswerSchema);
    const whole = all.filter(({ correct, cost }) => cost && correct.length === compressions.length);
    const byPlace = new Map(whole.map((answer) => [placeOf(answer), answer]));
    return [...byPlace].sort(([a], [b]) => a - b).map(([, answer]) => answer);
  }

  times(): Promise<BatchTimes[]> {
    return readLines(this.file('times'), batchTimesSchema);
  }

  /** Makes the files ready to be written on. */
  async mend(): Promise<void> {
    await cutTornLine(this.file('answers'));
    await cutTornLine(this.file('times'));
  }

  async keepBatch(answers: readonly EvaluatedAnswer[], times: BatchTimes): Promise<void> {
    await appendLines(this.file('answers'), answers);
    await appendLines(this.file('times'), [times]);
  }

  /** Takes the study for this process. @returns lets it go. @throws InputError where another process is at it */
  lock(): Promise<() => Promise<void>> {
    return takeLock(this.file('lock'), ({ pid, host }) => {
      const rule = `is being asked by another process (${pid} on ${host})`;
      return new InputError({ file: this.path, rule, hint: 'Wait for it, or end it first' });
    });
  }

  /** Whether a living process is at it. */
  async isTaken(): Promise<boolean> {
    return (await lockOwner(this.file('lock'))) !== undefined;
  }
}
