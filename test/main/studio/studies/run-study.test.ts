import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../../../src/main/engine/evaluate/evaluate.ts';
import { DatasetIndex } from '../../../../src/main/studio/datasets/dataset-index.ts';
import { runDatasetJob } from '../../../../src/main/studio/datasets/dataset-job.ts';
import { sizeOfFolder } from '../../../../src/main/studio/models/found-model.ts';
import { planStudy } from '../../../../src/main/studio/studies/plan-study.ts';
import { runStudy } from '../../../../src/main/studio/studies/run-study.ts';
import { StudyFolder, type StudyRecord } from '../../../../src/main/studio/studies/study-folder.ts';
import { workspaceOf, type Workspace } from '../../../../src/main/studio/workspace.ts';
import type { StudyRequest } from '../../../../src/shared/api/studies.ts';
import type { StudyPoint, StudyResult } from '../../../../src/shared/redundancy-study.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';
import { saveTinyModel } from '../../../helpers/tiny-model-folder.ts';

const REQUEST: StudyRequest = {
  ...{ model: 'models/tiny', data: 'data/tiny/own.jsonl', layers: [0, 1], strides: [2, 4] },
  ...{ compressors: ['average-pool', 'random'], questions: 8, seed: 3, maxTokens: 3, batchSize: 4 },
};

const PATIENCE_MS = 120_000;

let workspace: Workspace;
let index: DatasetIndex;
beforeAll(async () => {
  workspace = workspaceOf(realpathSync(mkdtempSync(join(tmpdir(), 'llavolta-study-'))));
  const folder = join(workspace.data, 'tiny');
  const { test } = await tinyDataset({ images: 9, questions: 4 }, folder);
  await saveTinyModel(join(workspace.models, 'tiny'), test);
  const file = join(workspace.folder, REQUEST.data);
  await expectItsOwnAnswers(test, file);
  const indexFolder = join(workspace.studio, 'index');
  await runDatasetJob({ kind: 'index', file, folder: indexFolder }, () => undefined);
  index = await DatasetIndex.open(indexFolder);
}, PATIENCE_MS);
afterAll(async () => {
  await index.close();
  rmSync(workspace.folder, { recursive: true, force: true });
});

/** What the model says at full becomes what is expected of it, so that accuracies mean something. */
async function expectItsOwnAnswers(from: string, to: string): Promise<void> {
  const said = new Map<string, string>();
  const asked = { model: join(workspace.models, 'tiny'), data: from, compressions: ['none'], reportsAnswers: true };
  for await (const event of evaluate({ ...asked, batchSize: 16, maxTokens: REQUEST.maxTokens })) {
    if (event.type === 'answers') for (const { id, answers } of event.answers) said.set(id, answers[0] ?? '');
  }
  const lines = readFileSync(from, 'utf8').trim().split('\n');
  const records = lines.map(
    (line) => JSON.parse(line) as { id: string; conversations: { from: string; value: string }[] },
  );
  for (const { id, conversations } of records) {
    const answers = conversations.filter((turn) => turn.from === 'gpt');
    answers.forEach((turn, i) => (turn.value = said.get(`${id}#${i}`) || 'nothing'));
  }
  writeFileSync(to, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
}

async function plan(
  name: string,
  changes: Partial<StudyRequest> = {},
): Promise<{ folder: StudyFolder; record: StudyRecord }> {
  const folder = new StudyFolder(join(workspace.studies, name));
  const modelFolder = join(workspace.models, 'tiny');
  const size = await sizeOfFolder(modelFolder, workspace.folder);
  const request = { ...REQUEST, ...changes };
  const record = await planStudy(folder, { workspace, request, modelFolder, size, index });
  return { folder, record };
}

/** Runs a study until `enough` questions are answered, then leaves as a crash does. @returns questions done, as told */
async function goOn(study: { folder: StudyFolder; record: StudyRecord }, enough = Infinity): Promise<number[]> {
  const told: number[] = [];
  for await (const { done } of runStudy({ ...study, workspace })) {
    told.push(done);
    if (done >= enough) break;
  }
  return told;
}

const untimed = ({ prefillMs: _p, totalMs: _t, ...rest }: StudyPoint) => rest;
const facts = ({ questions, full, points }: StudyResult) => ({
  questions,
  full: untimed(full),
  points: points.map(untimed),
});

describe('a redundancy study', { timeout: PATIENCE_MS }, () => {
  it('finds the same whether it was interrupted or not, and asks only what is missing', async () => {
    const whole = await plan('whole');
    expect(whole.record.compressions).toEqual([
      ...['none', '0/2', '0/4', '1/2', '1/4', '0/2:random', '0/4:random', '1/2:random', '1/4:random'],
    ]);
    expect((await goOn(whole)).at(-1)).toBe(8);
    const result = await whole.folder.result();
    expect(result?.questions).toBe(8);
    // The right answers are the model's own at full, as far as they are words.
    expect(result!.full.accuracy).toBeGreaterThan(0);
    expect(result!.points.some(({ lost }) => lost > 0)).toBe(true);

    const cut = await plan('cut');
    const [, first = 0] = await goOn(cut, 1);
    expect(first).toBeLessThan(8);
    expect(await cut.folder.result()).toBeUndefined();
    expect(await cut.folder.answers(cut.record)).toHaveLength(first);
    // The power went while a line was written.
    appendFileSync(cut.folder.file('answers'), '{"id":"7#0","expec');
    const told = await goOn(cut);
    expect(told[0]).toBe(first);
    expect(told.at(-1)).toBe(8);
    expect(facts((await cut.folder.result())!)).toEqual(facts(result!));
    expect(await cut.folder.answers(cut.record)).toEqual(await whole.folder.answers(whole.record));
    const lines = readFileSync(cut.folder.file('answers'), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(8);

    expect(readFileSync(whole.folder.file('markdown'), 'utf8')).toContain(
      'No setting stays within 3 points of full, which reaches 100.00 %',
    );
    const csv = readFileSync(whole.folder.file('csv'), 'utf8').trim().split('\n');
    expect(csv).toHaveLength(1 + 9);
    expect(csv[1]).toMatch(/^none,,,,8,/);
    expect(await goOn(whole)).toEqual([8]);
  });

  it('does not mix the answers of two models', async () => {
    const study = await plan('changed');
    const weights = join(workspace.models, 'tiny', 'model.safetensors');
    utimesSync(weights, new Date(0), new Date(0));
    await expect(goOn(study)).rejects.toThrow('has changed since the study was begun');
    expect((await study.folder.failure())?.whatToDo).toContain('Begin a new study');
  });

  it('is asked by one process at a time', async () => {
    const study = await plan('taken');
    const letGo = await study.folder.lock();
    await expect(goOn(study)).rejects.toThrow('is being asked by another process');
    expect(await study.folder.failure()).toBeUndefined();
    await letGo();
    expect(await study.folder.isTaken()).toBe(false);
  });

  it.each<[Partial<StudyRequest>, string]>([
    [{ layers: [1, 3] }, '3/2:average-pool'],
    [{ strides: [2, 5] }, 'stride must be at most 4'],
    [{ compressors: ['attention'] }, '0/2:attention'],
  ])('refuses before the start what does not fit: %j', async (changes, message) => {
    await expect(plan('unfit', changes)).rejects.toThrow(message);
    expect(existsSync(join(workspace.studies, 'unfit'))).toBe(false);
  });
});
