import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { studyAttention } from '../../../../src/main/engine/evaluate/attention-study.ts';
import { batchSamples, type AttentionSample } from '../../../../src/main/engine/evaluate/attention-samples.ts';
import {
  attentionReportSchema,
  type AttentionProgress,
  type AttentionReport,
} from '../../../../src/shared/attention-study.ts';
import { sum } from '../../../../src/shared/sum.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';
import { tinyDataset, type TinyDataset } from '../../../helpers/tiny-dataset.ts';
import { saveTinyModel } from '../../../helpers/tiny-model-folder.ts';

let folder: string;
let model: string;
let data: TinyDataset;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-attention-'));
  model = join(folder, 'model');
  data = await tinyDataset({ images: 9, questions: 2 }, join(folder, 'data'));
  await saveTinyModel(model, data.train);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function study(
  settings: { file?: string; samples?: number; compression?: string; leavesOutBroken?: boolean } = {},
): Promise<{ report: AttentionReport; progress: AttentionProgress[] }> {
  const { file = data.train, samples = 4, compression = 'none', ...rest } = settings;
  const progress: AttentionProgress[] = [];
  let report: AttentionReport | undefined;
  for await (const event of studyAttention({ model, data: file, samples, compression, ...rest })) {
    if (event.type === 'report') report = event.report;
    else progress.push(event.progress);
  }
  return { report: attentionReportSchema.parse(report), progress };
}

describe('studyAttention', () => {
  it('tells every layer, with shares that sum to 1', async () => {
    const { report, progress } = await study({ compression: '1/2' });
    expect(report).toMatchObject({ samples: 4, compression: '1/2' });
    expect(report.tokens.visual).toBe(4);
    expect(report.layers.map(({ layer, visualTokens }) => [layer, visualTokens])).toEqual([
      [0, 4],
      [1, 2],
      [2, 2],
    ]);
    for (const { share, perToken, visualTokens } of report.layers) {
      expect(sum(Object.values(share))).toBeCloseTo(1, 5);
      expect(perToken.visual! * visualTokens).toBeCloseTo(share.visual, 5);
      expect(perToken.system! * report.tokens.system).toBeCloseTo(share.system, 5);
    }
    expect(progress[0]).toEqual({ done: 0, total: 4 });
    expect(progress.at(-1)).toEqual({ done: 4, total: 4 });
  });

  it('follows a compressor that ranks by the vision tower', async () => {
    const { report } = await study({ samples: 2, compression: '-1/2:visionzip' });
    expect(report.layers.map(({ visualTokens }) => visualTokens)).toEqual([2, 2, 2]);
  });

  it('takes no more questions than there are conversations with pictures', async () => {
    const { report } = await study({ samples: 1000 });
    expect(report.samples).toBe(6);
  });

  it('refuses broken samples, or leaves them out where it is told to', async () => {
    const file = join(data.folder, 'broken.jsonl');
    writeFileSync(
      file,
      `${readFileSync(data.train, 'utf8')}{"id": "none", "image": "none.png", "conversations": []}\n`,
    );
    await expect(study({ file })).rejects.toThrow('1 broken sample');
    const { report } = await study({ file, leavesOutBroken: true, samples: 2 });
    expect(report.samples).toBe(2);
  });

  it('leaves no tensors', async () => {
    await expectNoLeakedTensors(() => study({ samples: 2 }));
  });

  it('refuses what cannot be measured by name', async () => {
    await expect(study({ compression: '3/2' })).rejects.toThrow('layer must be between -1 and 2');
    const file = join(data.folder, 'words.jsonl');
    const conversations = [
      { from: 'human', value: 'What?' },
      { from: 'gpt', value: 'That' },
    ];
    writeFileSync(file, `${JSON.stringify({ id: 'a', conversations })}\n`);
    await expect(study({ file })).rejects.toThrow('words.jsonl: has no question about a picture');
  });
});

describe('batchSamples', () => {
  it('keeps padded tokens and rows within their limits', () => {
    const of = (length: number): AttentionSample => ({
      row: { id: '', tokenIds: new Int32Array(length), labels: new Int32Array(length), groups: [] },
      kinds: { kinds: new Uint8Array(length), queries: [] },
      images: [],
    });
    const sizes = (lengths: readonly number[]): number[] => batchSamples(lengths.map(of)).map(({ length }) => length);
    expect(sizes(Array.from({ length: 20 }, () => 10))).toEqual([16, 4]);
    expect(sizes([100, 4000, 4096, 9000, 1])).toEqual([2, 1, 1, 1]);
  });
});
