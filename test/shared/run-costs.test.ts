import { describe, expect, it } from 'vitest';
import type { MetricKey } from '../../src/shared/api/metrics-query.ts';
import { costsOf, forecastError, forecastLines, type RunCosts } from '../../src/shared/run-costs.ts';

type Row = Partial<Record<MetricKey, number>>;

const STAGES = [
  { firstStep: 0, untilStep: 2, compression: '1/8' },
  { firstStep: 2, untilStep: 4, compression: 'none' },
];
const flops = (n: number): Row => ({ flopsPaper: n, flopsFastv: 2 * n, flopsPyramidDrop: 3 * n, flopsExact: 4 * n });
const ROWS: readonly Row[] = [
  { stepMs: 50, memoryBytes: 10, visualTokens: 25, visualTokensSaved: 75, ...flops(1) },
  { stepMs: 30, memoryBytes: 30, visualTokens: 25, visualTokensSaved: 150, ...flops(1) },
  { stepMs: 80, memoryBytes: 20, visualTokens: 100, visualTokensSaved: 150, ...flops(5) },
  { stepMs: 90, memoryBytes: 20, visualTokens: 100, visualTokensSaved: 150, ...flops(5) },
];
const costs = (rows: readonly Row[]) => costsOf(STAGES, { length: rows.length, value: (key, row) => rows[row]?.[key] });

describe('what a run took', () => {
  it('is summed by stage and in all', () => {
    const { stages, run } = costs(ROWS);
    expect(stages).toEqual([
      {
        ...{ ...STAGES[0], steps: 2, ms: 80, memoryBytes: 30, visualTokens: 50, compressionRatio: 400 },
        ...flops(2),
      },
      {
        ...{ ...STAGES[1], steps: 2, ms: 170, memoryBytes: 20, visualTokens: 200, compressionRatio: 100 },
        ...flops(10),
      },
    ]);
    expect(run).toEqual({
      ...{ steps: 4, ms: 250, memoryBytes: 30, visualTokens: 250, compressionRatio: 160 },
      ...flops(12),
    });
  });

  it('has the stages that have begun, with the steps that were done', () => {
    expect(costs(ROWS.slice(0, 3)).stages.map(({ steps }) => steps)).toEqual([2, 1]);
    expect(costs(ROWS.slice(0, 1)).stages.map(({ steps }) => steps)).toEqual([1]);
    expect(costs([]).run).toMatchObject({ steps: 0, ms: 0 });
  });

  it('leaves a count out that an earlier version did not take', () => {
    const { run } = costs(ROWS.map(({ flopsFastv: _, ...row }) => row));
    expect(run.flopsFastv).toBeUndefined();
    expect(run.flopsExact).toBe(48);
  });
});

describe('forecast and what it took', () => {
  const expected = { ms: 100, memoryBytes: 40, visualTokens: 50 };
  const forecast = {
    ...{ format: 1 as const, madeAt: '2026-01-02T03:04:05.000Z', savingMs: 20 },
    stages: STAGES.map((stage) => ({ ...stage, ...expected })),
    run: { ms: 220, memoryBytes: 40, visualTokens: 100 },
  };
  const lines = (rows: readonly Row[], more: Partial<RunCosts> = {}) =>
    forecastLines(forecast, { ...costs(rows), ...more });

  it('sets stages beside their steps, and the run beside its time from start to end', () => {
    expect(lines(ROWS, { wallMs: 260 }).map(({ measured }) => measured?.ms)).toEqual([80, 170, 260]);
    expect(lines(ROWS, { wallMs: 260 })[2]).toMatchObject({ compression: undefined, forecast: { ms: 220 } });
  });

  it('waits with what is not over', () => {
    expect(lines(ROWS.slice(0, 3), { wallMs: 200 }).map(({ measured }) => measured?.ms)).toEqual([
      80,
      undefined,
      undefined,
    ]);
    expect(lines(ROWS).at(-1)?.measured).toBeUndefined();
  });

  it('says how far off it was', () => {
    expect(forecastError(110, 100)).toBeCloseTo(0.1, 12);
    expect(forecastError(75, 100)).toBe(-0.25);
    expect(forecastError(5, 0)).toBeUndefined();
  });
});
