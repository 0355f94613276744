import { describe, expect, it } from 'vitest';
import type { ProbedStage, ProbeResult } from '../../src/shared/probe.ts';
import { forecastRun, runForecastSchema, type ForecastPlan } from '../../src/shared/run-forecast.ts';

const stage = (compression: string, changes: Partial<ProbedStage> = {}): ProbedStage => ({
  ...{ compression, stepMs: 100, steps: 6, memoryBytes: 500, recordMs: 0, shapes: [1], visualTokens: 10 },
  ...changes,
});
const RUN: ProbeResult['run'] = { heldMs: 0, savedMs: 0, savingBytes: 0, growthBytes: 0 };
const MADE_AT = '2026-01-02T03:04:05.000Z';

const plan = (changes: Partial<ForecastPlan> = {}): ForecastPlan => ({
  stages: [
    { firstStep: 0, untilStep: 20, compression: '1/8' },
    { firstStep: 20, untilStep: 50, compression: 'none' },
  ],
  ...{ accumulate: 1, checkpointEvery: 100 },
  ...changes,
});
const forecast = (stages: ProbedStage[], run: Partial<ProbeResult['run']> = {}, of = plan()) =>
  forecastRun(of, { stages, run: { ...RUN, ...run } }, MADE_AT);

describe('the forecast of a run', () => {
  it('multiplies measured steps by stage and adds them up', () => {
    const found = forecast([stage('1/8'), stage('none', { stepMs: 300, memoryBytes: 900, visualTokens: 40 })]);
    expect(found?.stages.map(({ ms, memoryBytes, visualTokens }) => [ms, memoryBytes, visualTokens])).toEqual([
      [2000, 500, 200],
      [9000, 900, 1200],
    ]);
    expect(found?.run).toEqual({ ms: 11_000, memoryBytes: 900, visualTokens: 1400 });
    expect(runForecastSchema.parse(found)).toEqual(found);
  });

  it('records every shape that comes: a rare one with the probability that it does', () => {
    const probed = stage('1/8', { recordMs: 1000, shapes: [0.75, 0.25] });
    const one = plan({ stages: [{ firstStep: 0, untilStep: 1, compression: '1/8' }], accumulate: 2 });
    // Two micro-batches: 1 - 0.25² of the common shape, 1 - 0.75² of the rare one.
    expect(forecast([probed], {}, one)?.run.ms).toBeCloseTo(100 + 1000 * (1 - 0.0625 + 1 - 0.5625), 6);
  });

  it('makes the features of a group of pictures when one of them is first asked for', () => {
    const features = { kept: 64, groups: 2, images: 64, perStep: 1, msPerImage: 5 };
    const found = forecast([stage('1/8', { stepMs: 0 }), stage('none', { stepMs: 0 })], { features });
    // After 20 pictures each of the two groups was asked for but with probability 2^-20; after 50 with 2^-50.
    expect(found?.stages[0]?.ms).toBeCloseTo(320 * (1 - 2 ** -20), 6);
    expect(found?.stages[1]?.ms).toBeCloseTo(320 * (2 ** -20 - 2 ** -50), 6);
  });

  it('makes the features of pictures that find no room again and again', () => {
    const features = { kept: 0, groups: 0, images: 10, perStep: 4, msPerImage: 5 };
    expect(forecast([stage('1/8'), stage('none')], { features })?.stages[0]?.ms).toBe(2000 + 20 * 4 * 5);
  });

  it('holds the run up at each checkpoint and waits for the last', () => {
    const run = { heldMs: 7, savedMs: 400, savingBytes: 50, growthBytes: 3 };
    const found = forecast([stage('1/8'), stage('none')], run, plan({ checkpointEvery: 20 }));
    // At steps 20 and 40; step 50 is the end.
    expect(found?.savingMs).toBe(2 * 7 + 400);
    expect(found?.stages.map(({ memoryBytes }) => memoryBytes)).toEqual([503, 553]);
  });

  it('is none where a setting was not measured', () => {
    expect(forecast([stage('1/8')])).toBeUndefined();
    expect(forecast([stage('1/8')], {}, plan({ stages: [] }))).toBeUndefined();
  });
});
