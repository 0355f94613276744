import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { importBenchmark } from '../../../../src/main/engine/data/benchmarks/import-benchmark.ts';
import { evaluate } from '../../../../src/main/engine/evaluate/evaluate.ts';
import { evaluationText } from '../../../../src/main/terminal/evaluation-view.ts';
import type { Benchmark } from '../../../../src/shared/benchmark.ts';
import { evaluationReportSchema, type EvaluateJob, type EvaluationReport } from '../../../../src/shared/evaluation.ts';
import { PUBLISHED, writeFiles, writeMedia } from '../../../helpers/benchmark-files.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';
import { saveTinyModel } from '../../../helpers/tiny-model-folder.ts';

let folder: string;
let model: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-benchmark-'));
  model = join(folder, 'model');
  await saveTinyModel(model, (await tinyDataset({ images: 6, questions: 4 }, join(folder, 'words'))).train);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Imports files of the published form. @returns the dataset's file */
async function dataset(name: string, benchmark: Benchmark, files: Readonly<Record<string, unknown>>): Promise<string> {
  const [from, images, to] = ['from', 'images', 'to'].map((part) => join(folder, name, part)) as [
    string,
    string,
    string,
  ];
  writeFiles(from, files);
  writeMedia(images, benchmark);
  await importBenchmark({ benchmark, from: [from], images, folder: to });
  return join(to, 'questions.jsonl');
}

async function reportOf(data: string, options: Partial<EvaluateJob> = {}): Promise<EvaluationReport> {
  const settings = { model, data, compressions: ['none'], batchSize: 8, maxTokens: 4, ...options };
  for await (const event of evaluate(settings)) {
    if (event.type === 'report') return evaluationReportSchema.parse(JSON.parse(JSON.stringify(event.report)));
  }
  throw new Error('an evaluation ends with its report');
}

describe('a benchmark', () => {
  it('is imported, asked, scored by its own rule and written for its server', { timeout: 120_000 }, async () => {
    const questions = ['Is it red?', 'What shape is it?', 'How many?', 'Where is the circle?'];
    const published = (answers: readonly string[]): Readonly<Record<string, unknown>> => ({
      'questions.json': Object.fromEntries(
        questions.map((question, i) => [`2${i}`, { imageId: 'n11', question, answer: answers[i] }]),
      ),
    });
    const answers = join(folder, 'gqa.json');
    const first = await dataset('first', 'gqa', published(questions.map(() => 'nothing of the kind')));
    const wrong = await reportOf(first, { answers });
    expect(wrong.settings[0]!.metrics).toEqual([{ name: 'accuracy', value: 0, unit: '%' }]);
    const said = JSON.parse(readFileSync(answers, 'utf8')) as { questionId: string; prediction: string }[];
    expect(said.map(({ questionId }) => questionId)).toEqual(['20', '21', '22', '23']);
    const words = said.filter(({ prediction }) => prediction !== '');
    expect(words.length).toBeGreaterThan(0);

    // What the model says becomes the right answer, as far as it says something.
    const right = said.map(({ prediction }) => prediction || 'nothing of the kind');
    const report = await reportOf(await dataset('second', 'gqa', published(right)));
    const value = (100 * words.length) / questions.length;
    expect(report).toMatchObject({ scorer: 'gqa', questions: 4 });
    expect(report.settings[0]).toMatchObject({
      ...{ accuracy: value / 100, score: { questions: 4, correct: words.length } },
      metrics: [{ name: 'accuracy', value, unit: '%' }],
    });
    expect(evaluationText(report).join('\n')).toMatch(new RegExp(`accuracy +${value.toFixed(2)} %`));
    const exact = await reportOf(first, { scorer: 'exact' });
    expect([exact.scorer, exact.settings[0]!.metrics]).toEqual(['exact', undefined]);
  });

  it('may mix questions with a picture, with frames and of text alone', { timeout: 120_000 }, async () => {
    const science = await dataset('science', 'scienceqa', PUBLISHED.scienceqa);
    const report = await reportOf(science, { compressions: ['none', '1/2'], answers: join(folder, 'science.json') });
    expect(report).toMatchObject({ questions: 2, images: 1, scorer: 'scienceqa' });
    for (const { metrics } of report.settings) {
      expect(metrics!.map(({ name }) => name)).toEqual(['accuracy', 'IMG', 'NAT', 'LAN', 'TXT', 'G1-6', 'G7-12']);
    }
    const results = JSON.parse(readFileSync(join(folder, 'science.1-2.json'), 'utf8')) as { results: object };
    expect(Object.keys(results.results)).toEqual(['4', '5']);
    const clip = await dataset('clip', 'activitynet-qa', PUBLISHED['activitynet-qa']);
    const clips = await reportOf(clip, { answers: join(folder, 'clip.json') });
    expect(clips).toMatchObject({ questions: 2, images: 2, scorer: 'video' });
    const judged = JSON.parse(readFileSync(join(folder, 'clip.json'), 'utf8')) as object[];
    expect(judged[0]).toMatchObject({ video_name: 'run', Q: 'who runs', A: 'dog' });
  });

  it('is not scored where a judge outside does it', { timeout: 120_000 }, async () => {
    const vet = await reportOf(await dataset('vet', 'mm-vet', PUBLISHED['mm-vet']), {
      answers: join(folder, 'vet.json'),
    });
    expect(vet.scorer).toBe('outside');
    expect(evaluationText(vet).join('\n')).toContain('scored outside');
    expect(evaluationText(vet).join('\n')).not.toContain('accuracy');
    expect(Object.keys(JSON.parse(readFileSync(join(folder, 'vet.json'), 'utf8')) as object)).toEqual(['v1_0']);
  });

  it('needs what its rule needs', async () => {
    const data = await dataset('lacking', 'gqa', PUBLISHED.gqa);
    await expect(reportOf(data, { scorer: 'vqa' })).rejects.toThrow(/has no scoring\.answers in every record/);
  });
});
