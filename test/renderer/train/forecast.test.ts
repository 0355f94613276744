import { describe, expect, it } from 'vitest';
import { InputError } from '../../../src/shared/errors.ts';
import type { StageSpec } from '../../../src/shared/stage-plan.ts';
import { differenceTo } from '../../../src/renderer/src/components/difference.ts';
import { forecastOf, type ForecastInput } from '../../../src/renderer/src/views/train/forecast/forecast.ts';
import { measuredCost } from '../../../src/renderer/src/views/train/forecast/measured-cost.ts';
import { llava15 } from '../../shared/llava-1.5-7b.ts';

const staged = (...compressions: readonly string[]): StageSpec[] =>
  compressions.map((compression) => ({ compression, compressor: 'average-pool' }));

const input = (stages: readonly StageSpec[], changes: Partial<ForecastInput> = {}): ForecastInput => ({
  plan: { stages, stageDepth: 32 },
  model: { visualTokensPerImage: 576, shape: llava15 },
  mode: { trainsDecoder: true, trainsVisionTower: false, gradientCheckpointing: false },
  cachedFeatures: false,
  row: { images: 1, textTokens: 62, headTokens: 20 },
  totalSteps: undefined,
  batchSize: 128,
  ...changes,
});

describe('the forecast of the schemes of the paper on LLaVA-1.5-7B', () => {
  // #Tokens and CR by Eq. 3, Tab. 1–2; forward TFLOPs of Tab. 5.
  it.each([
    [['none'], 18432, 100],
    [['2/8'], 3312, 557],
    [['2/8', 'none'], 10872, 170],
    [['2/8', '16/8', 'none'], 10704, 172],
    [['2/8', '2/2', 'none'], 10512, 175],
    [['2/8', '2/2', '16/2', 'none'], 11340, 163],
    [['2/8', '16/8', '16/2', 'none'], 11484, 161],
    [['2/16', '16/16', '16/4'], 7848, 235],
  ])('%j', (compressions, visualTokens, ratio) => {
    const forecast = forecastOf(input(staged(...compressions)));
    expect(forecast.mean.visualTokens).toBeCloseTo(visualTokens, 1);
    expect(Math.round(forecast.ratio)).toBe(ratio);
  });

  it('counts FLOPs as Tab. 5 does', () => {
    const { stages, full } = forecastOf(input(staged('2/8', '16/4')));
    const teraFlops = [full, ...stages].map(({ flopsPaper }) => flopsPaper / 1e12);
    expect(teraFlops.map((one) => Number(one.toFixed(2)))).toEqual([8.26, 2.14, 5.47]);
  });
});

describe('a forecast', () => {
  it('weighs stages by their steps', () => {
    const stages = [{ ...staged('2/8')[0]!, until: 25 }, ...staged('none')];
    const forecast = forecastOf(input(stages, { totalSteps: 100 }));
    expect(forecast.stages.map(({ share }) => share)).toEqual([0.25, 0.75]);
    expect(forecast.mean.visualTokens).toBe(0.25 * 3312 + 0.75 * 18432);
    expect(forecast.rows).toBe(12_800);
  });

  it('costs as much as full training where nothing is compressed', () => {
    const { mean, full } = forecastOf(input(staged('none')));
    expect(mean).toEqual(full);
  });

  it('averages exact FLOPs over rows with and without image', () => {
    const exact = (images: number): number =>
      forecastOf(input(staged('2/8'), { row: { images, textTokens: 62, headTokens: 20 } })).mean.flopsExact;
    expect(exact(0.5)).toBeCloseTo((exact(0) + exact(1)) / 2, 0);
    expect(exact(1.25)).toBeCloseTo(0.75 * exact(1) + 0.25 * exact(2), 0);
  });

  it('says where layers are scaled to the model', () => {
    const shape = { ...llava15, decoder: { ...llava15.decoder, layers: 4 } };
    const forecast = forecastOf(input(staged('2/8'), { model: { visualTokensPerImage: 64, shape } }));
    expect(forecast.notices).toEqual(['stage 1: 2/8 runs as 1/8 (layer 2 of 32 → 1 of 4)']);
    expect(forecast.stages[0]!.tokensPerLayer).toEqual([64, 8, 8, 8]);
  });

  it('refuses a stride beyond the tokens, and pivots in a run of unknown length', () => {
    const shape = { ...llava15, decoder: { ...llava15.decoder, layers: 4 } };
    const few = input(staged('2/128'), { model: { visualTokensPerImage: 64, shape } });
    expect(() => forecastOf(few)).toThrow(InputError);
    const pivots = [{ ...staged('2/8')[0]!, until: 25 }, ...staged('none')];
    expect(() => forecastOf(input(pivots))).toThrow(/length of the run must be known/);
  });
});

describe('measured time and memory', () => {
  const probedStage = (compression: string, stepMs: number, memoryBytes: number) => ({
    ...{ compression, stepMs, memoryBytes },
    ...{ steps: 3, recordMs: 0, shapes: [1], visualTokens: 0 },
  });
  const [pooled, full] = [probedStage('1/8', 100, 5e8), probedStage('none', 250, 8e8)];
  const run = { heldMs: 10, savedMs: 100, savingBytes: 0, growthBytes: 0 };
  const settings = { accumulate: 1, checkpointEvery: 100 };
  const at = (compression: string, firstStep: number, untilStep: number) => ({ compression, firstStep, untilStep });
  const cost = (stages: ReturnType<typeof at>[], probed: ReturnType<typeof probedStage>[]) =>
    measuredCost(stages, { stages: probed, run }, settings);

  it('adds stages and the last save up and compares with the same steps in full', () => {
    expect(cost([at('1/8', 0, 30), at('none', 30, 40)], [pooled, full])).toEqual({
      ...{ totalMs: 5600, fullMs: 10_100, memoryBytes: 8e8 },
    });
  });

  it('takes the memory of the settings that run', () => {
    expect(cost([at('1/8', 0, 30)], [pooled, full])?.memoryBytes).toBe(5e8);
  });

  it('says nothing where a setting was not measured', () => {
    expect(cost([at('1/8', 0, 30), at('2/2', 30, 40)], [pooled, full])).toBeUndefined();
    expect(cost([at('1/8', 0, 30)], [])).toBeUndefined();
    expect(cost([at('1/8', 0, 30)], [pooled])?.fullMs).toBeUndefined();
  });
});

describe('a cost against full training', () => {
  const words = (value: number, full: number): string => differenceTo(value, full).text.replaceAll('\u202f', ' ');

  it('says what is saved, and what it takes more', () => {
    expect([words(75, 100), words(100, 100), words(103, 100)]).toEqual(['−25.0 %', 'same as full', '+3.0 %']);
  });
});
