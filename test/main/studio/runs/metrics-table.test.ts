import { appendFileSync, truncateSync, writeFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { metricsAnswer, metricsCsv } from '../../../../src/main/studio/runs/metrics-answer.ts';
import { MetricsTable } from '../../../../src/main/studio/runs/metrics-table.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const line = (step: number, loss = 1 / step, more: object = {}): string =>
  `${JSON.stringify({ step, loss, samples: 8 * step, stepMs: 500, ...more })}\n`;
const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => line(from + i)).join('');
const stepsOf = (table: MetricsTable): number[] => [...(table.column('step') ?? [])];

async function tableOf(text: string): Promise<{ file: string; table: MetricsTable }> {
  const file = join(temporaryFolder(), 'metrics.jsonl');
  writeFileSync(file, text);
  const table = new MetricsTable(file);
  await table.refresh();
  return { file, table };
}

describe('a table of metrics', () => {
  it('reads what is added, and a torn line only when it is whole', async () => {
    const { file, table } = await tableOf(`${lines(1, 3)}{"step":4,"lo`);
    expect(stepsOf(table)).toEqual([1, 2, 3]);
    appendFileSync(file, 'ss":0.5}\n');
    appendFileSync(file, lines(5, 6));
    await table.refresh();
    expect(stepsOf(table)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(table.column('loss')?.[3]).toBe(0.5);
    expect(table.last('step')).toBe(6);
    // The fourth line has no duration.
    expect(table.last('seconds')).toBeCloseTo(2.5);
  });

  it('drops rows that a resumed run has cut', async () => {
    const { file, table } = await tableOf(lines(1, 9));
    truncateSync(file, Buffer.byteLength(lines(1, 4)));
    await table.refresh();
    expect(stepsOf(table)).toEqual([1, 2, 3, 4]);
    appendFileSync(file, line(5, 0.123));
    await table.refresh();
    expect(table.last('loss')).toBe(0.123);
  });

  it('notices a cut although the file has grown past it since', async () => {
    const { file, table } = await tableOf(lines(1, 9));
    const { size } = statSync(file);
    writeFileSync(file, lines(1, 4) + line(5, 7) + lines(6, 20));
    expect(statSync(file).size).toBeGreaterThan(size);
    await table.refresh();
    expect(stepsOf(table)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(table.column('loss')?.[4]).toBe(7);
  });

  it('is empty where there is no file, also when it goes', async () => {
    const { file, table } = await tableOf(lines(1, 2));
    truncateSync(file, 0);
    await table.refresh();
    expect(table.length).toBe(0);
    const none = new MetricsTable(join(temporaryFolder(), 'none.jsonl'));
    await none.refresh();
    expect(none.length).toBe(0);
    expect(none.last('loss')).toBeUndefined();
  });

  it('leaves out lines that are no metrics', async () => {
    const { file, table } = await tableOf(`${line(1)}nonsense\n${line(2)}`);
    expect(stepsOf(table)).toEqual([1, 2]);
    appendFileSync(file, `[]\n${line(3)}`);
    await table.refresh();
    expect(stepsOf(table).slice(-1)).toEqual([3]);
  });

  it('shares one reading among those that ask at once', async () => {
    const { file, table } = await tableOf('');
    appendFileSync(file, lines(1, 5000));
    await Promise.all([table.refresh(), table.refresh(), table.refresh()]);
    expect(table.length).toBe(5000);
  });
});

describe('what a chart draws', () => {
  it('takes the range in units of the axis', async () => {
    const { table } = await tableOf(lines(1, 100));
    const query = { keys: ['loss', 'accuracy'] as const, points: 1000 };
    const byStep = metricsAnswer('r', table, { ...query, x: 'step', from: 10, to: 12 });
    expect(byStep).toMatchObject({ rows: 3, isDecimated: false, range: [1, 100] });
    expect(byStep.series).toEqual([
      { key: 'loss', steps: [10, 11, 12], x: [10, 11, 12], values: [1 / 10, 1 / 11, 1 / 12] },
    ]);
    const bySamples = metricsAnswer('r', table, { ...query, x: 'samples', from: 80, to: 95 });
    expect(bySamples.series[0]?.steps).toEqual([10, 11]);
    const byTime = metricsAnswer('r', table, { ...query, x: 'time', from: 49.9 });
    expect(byTime.series[0]?.x).toEqual([50]);
    // A run without visual tokens has no such axis.
    expect(metricsAnswer('r', table, { ...query, x: 'visualTokens' }).x).toBe('step');
  });

  it('says null where a line has no value', async () => {
    const { table } = await tableOf(line(1, 1, { lr: 1 }) + line(2));
    const { series } = metricsAnswer('r', table, { keys: ['lr'], x: 'step', points: 100 });
    expect(series[0]?.values).toEqual([1, null]);
  });

  it('gives all rows as CSV', async () => {
    const { table } = await tableOf(lines(1, 12_000));
    const text = [...metricsCsv(table)].join('').trimEnd().split('\n');
    expect(text).toHaveLength(12_001);
    expect(text[0]).toBe('step,loss,stepMs,samples,seconds');
    expect(text[2]).toBe('2,0.5,500,16,1');
  });
});
