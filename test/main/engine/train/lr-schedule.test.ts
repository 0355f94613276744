import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { learningRateAt, warmupSteps } from '../../../../src/main/engine/train/lr-schedule.ts';

const referenceCases = ['clip-llama', 'siglip-qwen2'].map(
  (name) => new URL(`../../../../../shared/reference/${name}/case.json`, import.meta.url),
);
const isReferenceThere = referenceCases.every((url) => existsSync(url));

const caseSchema = z.object({
  training: z.object({
    settings: z.object({ steps: z.number(), lr: z.number(), warmup_ratio: z.number() }),
    runs: z.record(z.string(), z.object({ log: z.array(z.object({ step: z.number(), lr: z.number() })) })),
  }),
});

describe.skipIf(!isReferenceThere)('cosine schedule of transformers (needs ../shared/reference)', () => {
  it.each(referenceCases)('gives the logged learning rate of every step of %s', (url) => {
    const { settings, runs } = caseSchema.parse(JSON.parse(readFileSync(url, 'utf8'))).training;
    const totalSteps = settings.steps;
    const plan = { lr: settings.lr, totalSteps, warmupSteps: warmupSteps(settings.warmup_ratio, totalSteps) };
    const logs = Object.values(runs).flatMap((run) => run.log);
    expect(logs.length).toBeGreaterThanOrEqual(totalSteps);
    for (const { step, lr } of logs) {
      const ours = learningRateAt(step, { ...plan, schedule: 'cosine' });
      expect(Math.abs(ours - lr), `step ${step}`).toBeLessThan(1e-9);
    }
  });
});

describe('learning rate', () => {
  const plan = { lr: 2e-3, warmupSteps: 4, totalSteps: 20 } as const;

  it('rises from 0 to its highest value over the warm-up', () => {
    const rates = [0, 1, 2, 3, 4].map((step) => learningRateAt(step, { ...plan, schedule: 'cosine' }));
    expect(rates).toEqual([0, 0.5e-3, 1e-3, 1.5e-3, 2e-3]);
  });

  it('starts at its highest value without a warm-up', () => {
    expect(learningRateAt(0, { ...plan, warmupSteps: 0, schedule: 'linear' })).toBe(2e-3);
  });

  it('is half of it in the middle of the decay, by cosine and by line', () => {
    expect(learningRateAt(12, { ...plan, schedule: 'cosine' })).toBeCloseTo(1e-3, 12);
    expect(learningRateAt(12, { ...plan, schedule: 'linear' })).toBeCloseTo(1e-3, 12);
  });

  it('tells the schedules apart', () => {
    expect(learningRateAt(8, { ...plan, schedule: 'cosine' })).toBeCloseTo(2e-3 * 0.5 * (1 + Math.SQRT1_2), 12);
    expect(learningRateAt(8, { ...plan, schedule: 'linear' })).toBeCloseTo(1.5e-3, 12);
    expect(learningRateAt(8, { ...plan, schedule: 'constant' })).toBe(2e-3);
  });

  it('rounds the warm-up up', () => {
    expect(warmupSteps(0.03, 5197)).toBe(156);
    expect(warmupSteps(0.03, 10)).toBe(1);
    expect(warmupSteps(0, 10)).toBe(0);
  });

  it('stays between 0 and its highest value, and only falls after the warm-up', () => {
    const schedules = fc.constantFrom('cosine' as const, 'linear' as const, 'constant' as const);
    fc.assert(
      fc.property(
        schedules,
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (schedule, totalSteps, ratio) => {
          const warmup = warmupSteps(ratio, totalSteps);
          const rateAt = (step: number): number =>
            learningRateAt(step, { schedule, lr: 1, warmupSteps: warmup, totalSteps });
          for (let step = 0; step < totalSteps; step++) {
            expect(rateAt(step)).toBeGreaterThanOrEqual(0);
            expect(rateAt(step)).toBeLessThanOrEqual(1);
            if (step > warmup) expect(rateAt(step)).toBeLessThanOrEqual(rateAt(step - 1));
          }
        },
      ),
    );
  });
});
