import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnswerEvent, TokenPoint } from '../../../../src/shared/answer.ts';
import { FULL, parseCompression } from '../../../../src/shared/compression.ts';
import type { EvaluationReport } from '../../../../src/shared/evaluation.ts';
import type { ExecutionMode } from '../../../../src/shared/execution-mode.ts';
import { evaluate } from '../../../../src/main/engine/evaluate/evaluate.ts';
import { ask } from '../../../../src/main/engine/generate/ask.ts';
import { loadAnsweringModel } from '../../../../src/main/engine/generate/loaded-model.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';
import { tinyDataset, type TinyDataset } from '../../../helpers/tiny-dataset.ts';
import { saveTinyModel } from '../../../helpers/tiny-model-folder.ts';

const MAX_TOKENS = 5;

interface TestRecord {
  readonly id: string;
  readonly image?: string;
  readonly conversations: { readonly from: string; value: string }[];
}

let folder: string;
let model: string;
let data: TinyDataset;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-evaluate-'));
  model = join(folder, 'model');
  data = await tinyDataset({ images: 9, questions: 4 }, join(folder, 'data'));
  await saveTinyModel(model, data.train);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const records = (file: string): TestRecord[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TestRecord);

function write(name: string, lines: readonly unknown[]): string {
  const file = join(data.folder, name);
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

async function reportOf(
  file: string,
  compressions: string[],
  options: { limit?: number; batchSize?: number; execution?: ExecutionMode } = {},
): Promise<EvaluationReport> {
  let report: EvaluationReport | undefined;
  const settings = { model, data: file, compressions, batchSize: 8, maxTokens: MAX_TOKENS, ...options };
  for await (const event of evaluate(settings)) if (event.type === 'report') report = event.report;
  return report!;
}

/** What the model says to a question about a picture, asked alone. */
async function answerTo(question: string, image: string | undefined, compression: string): Promise<string> {
  const loaded = await loadAnsweringModel(model);
  let text = '';
  const images = image === undefined ? [] : [join(data.images, image)];
  const options = {
    images,
    question,
    compressions: [parseCompression(compression)],
    maxTokens: MAX_TOKENS,
    temperature: 0,
    topP: 1,
    seed: 0,
  };
  for await (const event of ask(loaded, options)) if (event.type === 'text') text += event.text;
  loaded.dispose();
  return text;
}

/** The dataset with the model's own answers as the right ones. */
async function answered(lines: readonly TestRecord[], compression: string): Promise<TestRecord[]> {
  const result: TestRecord[] = [];
  for (const { id, image, conversations } of lines) {
    const turns = [];
    for (const [i, turn] of conversations.entries()) {
      const question = conversations[i - 1]?.value.replace('<image>\n', '');
      // An answer may be nothing but special tokens or spaces; the dataset's format wants words.
      if (question === undefined || turn.from !== 'gpt') turns.push(turn);
      else turns.push({ from: 'gpt', value: (await answerTo(question, image, compression)).trim() || 'nothing' });
    }
    result.push({ id, ...(image === undefined ? {} : { image }), conversations: turns });
  }
  return result;
}

const isWord = (answer: string): boolean => /[\p{L}\p{N}]/u.test(answer);

describe('evaluate', () => {
  it.each(['none', '1/2', '-1/4', '1/2:attention', '1/4:attention-all', '-1/2:visionzip+1/2:attention'])(
    'finds at %s the answers that are given to questions asked alone',
    { timeout: 300_000 },
    async (setting) => {
      const lines = await answered(records(data.test), setting);
      const report = await reportOf(write(`own-${setting.replaceAll(/\W/g, '_')}.jsonl`, lines), [setting]);
      const questions = lines.flatMap(({ conversations }) => conversations.filter(({ from }) => from === 'gpt'));
      expect(report.questions).toBe(questions.length);
      const meant = questions.filter(({ value }) => value !== 'nothing' && isWord(value)).length;
      expect(report.settings[0]!.score.correct).toBeGreaterThanOrEqual(meant);
      expect(meant).toBeGreaterThan(0);
      lines[0]!.conversations[1]!.value = 'certainly wrong';
      const worse = await reportOf(write('worse.jsonl', lines), [setting]);
      expect(worse.settings[0]!.score.correct).toBe(report.settings[0]!.score.correct - 1);
    },
  );

  it('does not depend on what is answered at once', async () => {
    const lines = await answered(records(data.test), 'none');
    const file = write(
      'batches.jsonl',
      lines.flatMap((line, i) => [line, { ...line, id: `again-${i}` }]),
    );
    const [one, many] = [
      await reportOf(file, ['none', '1/4'], { batchSize: 1 }),
      await reportOf(file, ['none', '1/4'], { batchSize: 64 }),
    ];
    expect(one.settings.map(({ score }) => score)).toEqual(many.settings.map(({ score }) => score));
    expect(one.images).toBe(records(data.test).length);
  });

  it('gives the same scores recorded and op by op, however often a shape comes', async () => {
    const lines = await answered(records(data.test), '1/2');
    const again = [0, 1, 2, 3].flatMap((i) => lines.map((line) => ({ ...line, id: `${line.id}-${i}` })));
    const file = write('modes.jsonl', again);
    const scores = async (execution: ExecutionMode): Promise<unknown> => {
      const { settings } = await reportOf(file, ['none', '1/2'], { batchSize: 8, execution });
      return settings.map(({ score, byType }) => ({ score, byType }));
    };
    expect(await scores('graph')).toEqual(await scores('eager'));
  });

  it('mixes questions with one image, several and none', async () => {
    const [first, second] = records(data.test) as [TestRecord, TestRecord];
    const turn = (question: string): TestRecord['conversations'] => [
      { from: 'human', value: question },
      { from: 'gpt', value: 'red' },
    ];
    const file = write('mixed.jsonl', [
      { id: 'one', image: first.image, conversations: turn('<image>\nWhat colour?') },
      { id: 'two', images: [first.image, second.image], conversations: turn('<image>\n<image>\nWhich is red?') },
      { id: 'none', conversations: turn('What is red?') },
    ]);
    const report = await reportOf(file, ['none', '1/2']);
    expect(report).toMatchObject({ questions: 3, images: 2 });
    // 4 visual tokens in each of 3 layers, over questions with 1, 2 and 0 images; at 1/2 the layers hold 4 + 2 + 2.
    expect(report.settings.map(({ visualTokens }) => visualTokens)).toEqual([12, 8]);
    expect(report.settings[1]).toMatchObject({ retainedPercent: (100 * 8) / 12, compressionRatio: 150 });
  });

  it('tells costs, intervals and kinds of answers', async () => {
    const report = await reportOf(data.test, ['none', '1/4', 'none'], { limit: 5 });
    expect(report.settings.map(({ compression }) => compression)).toEqual(['none', '1/4']);
    const [full, pooled] = report.settings as [EvaluationReport['settings'][0], EvaluationReport['settings'][0]];
    expect(full.score.questions).toBe(5);
    expect(Object.values(full.byType).reduce((sum, { questions }) => sum + questions, 0)).toBe(5);
    expect(pooled.flopsPaper).toBeLessThan(full.flopsPaper);
    expect(pooled.flopsExact).toBeLessThan(full.flopsExact);
    expect(full.interval[0]).toBeLessThanOrEqual(full.accuracy);
    expect(full.interval[1]).toBeGreaterThanOrEqual(full.accuracy);
    expect(full.totalMs).toBeGreaterThanOrEqual(full.prefillMs);
  });

  it('leaves no tensors', async () => {
    await expectNoLeakedTensors(() =>
      reportOf(data.test, ['none', '-1/2:prumerge', '-1/2:visionzip+1/2:attention'], { limit: 3 }),
    );
  });

  it.each([
    ['3/2', 'layer must be between -1 and 2'],
    ['1/5', 'stride must be at most 4'],
  ])('refuses the setting %s', async (setting, message) => {
    await expect(reportOf(data.test, [setting])).rejects.toThrow(message);
  });

  it('refuses broken data and models by name', async () => {
    const broken = write('broken.jsonl', [{ id: 'a', image: 'absent.png', conversations: [] }]);
    await expect(reportOf(broken, ['none'])).rejects.toThrow('broken.jsonl');
    await expect(reportOf(write('empty.jsonl', []), ['none'])).rejects.toThrow('empty.jsonl');
    await expect(loadAnsweringModel(data.folder)).rejects.toThrow('holds no model');
  });
});

describe('ask', () => {
  it('answers at every setting in turn and tells what each took', async () => {
    const [first] = records(data.test) as [TestRecord];
    const loaded = await loadAnsweringModel(model);
    const events: AnswerEvent[] = [];
    const options = {
      images: [join(data.images, first.image!)],
      question: 'What?',
      maxTokens: 4,
      temperature: 0,
      topP: 1,
      seed: 0,
    };
    for await (const event of ask(loaded, { ...options, compressions: [parseCompression('1/2'), FULL] }))
      events.push(event);
    loaded.dispose();
    expect(events.filter(({ type }) => type === 'begin')).toEqual([
      { type: 'begin', index: 0, compression: '1/2' },
      { type: 'begin', index: 1, compression: 'none' },
    ]);
    const stats = events.flatMap((event) => (event.type === 'end' ? event.stats : []));
    expect(stats.map(({ visualTokensPerLayer }) => visualTokensPerLayer)).toEqual([
      [4, 2, 2],
      [4, 4, 4],
    ]);
    expect(stats.map(({ compressionRatio }) => compressionRatio)).toEqual([150, 100]);
    expect(stats[0]!.cacheBytes).toBeLessThan(stats[1]!.cacheBytes);
    expect(stats[0]!.flopsExact).toBeLessThan(stats[1]!.flopsExact);
    for (const { timeToFirstTokenMs, tokens, reason } of stats) {
      expect(timeToFirstTokenMs).toBeGreaterThan(0);
      expect(reason === 'length' ? tokens : 4).toBe(4);
    }
  });

  it('tells what became of the tokens of each picture, from point to point', async () => {
    const [first, second] = records(data.test) as [TestRecord, TestRecord];
    const loaded = await loadAnsweringModel(model);
    const points: TokenPoint[][] = [];
    const options = { question: 'What?', maxTokens: 1, temperature: 0, topP: 1, seed: 0 };
    const compressions = ['-1/2+2/2', '1/2:attention', 'none', '0/2:random+2/2'].map((text) => parseCompression(text));
    const images = [join(data.images, first.image!), join(data.images, second.image!)];
    for await (const event of ask(loaded, { ...options, images, compressions }))
      if (event.type === 'tokens') points[event.index] = event.points;
    for await (const event of ask(loaded, { ...options, images: [], compressions }))
      expect(event.type).not.toBe('tokens');
    loaded.dispose();
    const [pooled, ranked, full, drawn] = points;
    const [start, next] = pooled![0]!.pictures.map(({ positions }) => positions[0]!) as [number, number];
    expect(next).toBeGreaterThanOrEqual(start + 2);
    expect(pooled).toEqual([
      {
        layer: -1,
        pictures: [
          { went: [0, 0, 1, 1], positions: [start, start + 1] },
          { went: [0, 0, 1, 1], positions: [next, next + 1] },
        ],
      },
      {
        layer: 2,
        pictures: [
          { went: [0, 0], positions: [start] },
          { went: [0, 0], positions: [next] },
        ],
      },
    ]);
    expect(full).toBeUndefined();
    for (const { went, positions } of ranked![0]!.pictures) {
      expect(went.filter((to) => to >= 0)).toEqual([0, 1]);
      const kept = went.flatMap((to, place) => (to < 0 ? [] : [place]));
      expect(positions[1]! - positions[0]!).toBe(kept[1]! - kept[0]!);
    }
    expect(drawn!.map(({ layer, pictures }) => [layer, ...pictures.map(({ went }) => went.length)])).toEqual([
      [0, 4, 4],
      [2, 2, 2],
    ]);
  });

  it('tells how many tokens PruMerge would keep by its own rule, and nothing of it elsewhere', async () => {
    const [first, second] = records(data.test) as [TestRecord, TestRecord];
    const loaded = await loadAnsweringModel(model);
    const images = [first, second].map(({ image }) => join(data.images, image!));
    const options = { question: 'What?', maxTokens: 1, temperature: 0, topP: 1, seed: 0 };
    const compressions = ['-1/2:prumerge', '-1/2:visionzip'].map((text) => parseCompression(text));
    const told: (readonly number[] | undefined)[] = [];
    for await (const event of ask(loaded, { ...options, images, compressions }))
      if (event.type === 'end') told.push(event.stats.outliers);
    loaded.dispose();
    // Of 4 values the largest is an outlier where it lies far beyond the others, and no two can be.
    expect(told[0]).toHaveLength(2);
    for (const count of told[0] ?? []) expect([0, 1]).toContain(count);
    expect(told[1]).toBeUndefined();
  });

  it('leaves out what it is told not to answer any more', async () => {
    const loaded = await loadAnsweringModel(model);
    const controller = new AbortController();
    const events: AnswerEvent[] = [];
    const options = {
      images: [],
      question: 'What?',
      maxTokens: 50,
      temperature: 1,
      topP: 1,
      seed: 1,
      signal: controller.signal,
    };
    for await (const event of ask(loaded, { ...options, compressions: [FULL, FULL] })) {
      events.push(event);
      if (event.type === 'text') controller.abort();
    }
    loaded.dispose();
    expect(events.filter(({ type }) => type === 'begin')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: 'end', stats: { reason: 'aborted' } });
  });
});
