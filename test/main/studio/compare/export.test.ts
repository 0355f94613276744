import { expect, it } from 'vitest';
import type { BatchRow, BatchSummary } from '../../../../src/shared/api/compare.ts';
import { exportBatch } from '../../../../src/main/studio/compare/export.ts';

const batch = {
  ...{ id: 'b', createdAt: '2026-01-01', state: 'done', done: 1, total: 1 },
  request: {
    ...{ dataset: 'd', count: 1, seed: 0, model: 'runs/a/final', compressions: ['none', '2/8'] },
    ...{ maxTokens: 16, batchSize: 64 },
  },
} satisfies BatchSummary;
const row: BatchRow = {
  ...{ id: '0', question: '=HYPERLINK("http://evil")', expected: 'a "b", c' },
  ...{ answers: ['+1', '<img onerror=x> | [y](javascript:z)'], correct: [true, false], media: [] },
};

it('writes tables in which no cell is a formula', () => {
  const { text, type, name } = exportBatch(batch, [row], 'csv');
  expect({ type, name }).toEqual({ type: 'text/csv; charset=utf-8', name: 'batch.csv' });
  expect(text.split('\n')[0]).toBe('question,expected,full,full right,2/8,2/8 right');
  expect(text.split('\n')[1]).toBe(
    `"'=HYPERLINK(""http://evil"")","a ""b"", c",'+1,yes,<img onerror=x> | [y](javascript:z),no`,
  );
});

it('writes Markdown in which no cell is markup', () => {
  const { text } = exportBatch(batch, [row], 'markdown');
  expect(text).toContain('\\<img onerror=x\\> \\| \\[y\\](javascript:z)');
  expect(text.split('\n').filter((line) => line.startsWith('|'))).toHaveLength(3);
});

it('writes JSON with everything', () => {
  expect(JSON.parse(exportBatch(batch, [row], 'json').text)).toEqual({ batch, rows: [row] });
});
