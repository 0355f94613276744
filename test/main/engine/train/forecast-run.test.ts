/** A run that is measured, trained and compared, in engine processes as the terminal program starts them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRunCosts } from '../../../../src/main/studio/runs/run-costs.ts';
import { costsText } from '../../../../src/main/terminal/costs-view.ts';
import { measureRecipe } from '../../../../src/main/terminal/measure-recipe.ts';
import type { ProbeResult } from '../../../../src/shared/probe.ts';
import { forecastLines, type RunCosts } from '../../../../src/shared/run-costs.ts';
import { newRun, runEngine, writeRecipe } from '../../../helpers/engine-runs.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';

const HOOK_TIMEOUT_MS = 240_000;

let folder: string;
/** Pictures of the training split. */
let images: number;
let probe: ProbeResult;
let costs: RunCosts;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-forecast-'));
  const { train } = await tinyDataset({ images: 12, size: 48 }, join(folder, 'data'));
  images = new Set(readFileSync(train, 'utf8').match(/"image": ?"[^"]+"/g)).size;
  const recipe = writeRecipe(join(folder, 'recipe.yaml'), train, {
    train: { cacheFeatures: true },
    checkpoint: { every: 4, keep: 1 },
    stages: [{ compression: '2/8' }, { compression: 'none' }],
  });
  probe = await measureRecipe(recipe, []);
  const job = newRun(recipe, folder, 'forecast');
  const { outcome } = await runEngine({ ...job, run: { ...job.run, probe } } as typeof job);
  expect(outcome).toMatchObject({ type: 'done' });
  costs = await readRunCosts(join(folder, 'forecast'));
}, HOOK_TIMEOUT_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('measures each setting, the making of features and a save', () => {
  expect(probe.stages.map(({ compression }) => compression)).toEqual(['1/8', 'none']);
  for (const { stepMs, shapes, steps } of probe.stages) {
    expect(stepMs).toBeGreaterThan(0);
    expect(steps).toBeGreaterThan(0);
    expect(shapes.reduce((total, share) => total + share, 0)).toBeCloseTo(1, 9);
  }
  expect(probe.run.features).toMatchObject({ kept: images, images, groups: 1 });
  expect(probe.run.features?.msPerImage).toBeGreaterThan(0);
  expect(probe.run.savedMs).toBeGreaterThanOrEqual(probe.run.heldMs);
});

it('keeps the forecast with the run, stage by stage as it is trained', () => {
  const stages = costs.forecast?.stages.map(({ firstStep, untilStep, compression }) => [
    firstStep,
    untilStep,
    compression,
  ]);
  expect(stages).toEqual([
    [0, 3, '1/8'],
    [3, 6, 'none'],
  ]);
  expect(costs.forecast?.savingMs).toBeCloseTo(probe.run.heldMs + (probe.run.savedMs ?? NaN), 6);
});

it('sets it beside what the run took: all of it, and the visual tokens to the last', () => {
  const lines = forecastLines(costs.forecast!, costs);
  expect(lines.map(({ compression }) => compression)).toEqual(['1/8', 'none', undefined]);
  for (const { forecast, measured } of lines) {
    expect(measured?.visualTokens).toBeCloseTo(forecast.visualTokens, 6);
    expect(measured?.ms).toBeGreaterThan(0);
    expect(measured?.memoryBytes).toBeGreaterThan(1e8);
  }
  // The run's time is from start to end: steps, and what saving held up.
  expect(lines[2]?.measured?.ms).toBeGreaterThan(costs.run.ms);
});

it('counts FLOPs by every rule from the metrics file', () => {
  const rows = readFileSync(join(folder, 'forecast', 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  const fastv = rows.map((row) => (JSON.parse(row) as { flopsFastv: number }).flopsFastv);
  expect(costs.run.flopsFastv).toBe(fastv.reduce((total, flops) => total + flops, 0));
});

it('prints both tables', () => {
  const text = costsText(costs).join('\n');
  expect(text).toContain('FLOPs paper');
  expect(text).toMatch(/^run +6 /m);
  expect(text).toMatch(/^run .*→.*\(0\.0 %\)$/m);
});
