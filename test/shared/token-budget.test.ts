import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOf, fullCost, schemeCost, type BudgetModel } from '../../src/shared/budget-cost.ts';
import { FIGURE_OF, goalOf, type BudgetKind } from '../../src/shared/budget-target.ts';
import { parseCompression, visualTokensPerLayer } from '../../src/shared/compression.ts';
import { LLAVA_15_7B } from '../../src/shared/paper-model.ts';
import { sum } from '../../src/shared/sum.ts';
import { solveBudget, type BudgetSolution } from '../../src/shared/token-budget.ts';

const LLAVA: BudgetModel = { shape: LLAVA_15_7B, visualTokens: 576, textTokens: 62 };

/** A model small enough to search by hand. */
const small = (layers: number, visualTokens: number): BudgetModel => ({
  shape: { ...LLAVA_15_7B, decoder: { ...LLAVA_15_7B.decoder, layers } },
  ...{ visualTokens, textTokens: 5 },
});

const settings = (solutions: readonly BudgetSolution[]): string[] =>
  solutions.map(({ stages }) => stages.map(({ compression }) => compression).join(', '));
const hits = (solutions: readonly BudgetSolution[]): string[] => settings(solutions.filter(({ isHit }) => isHit));

describe('costOf', () => {
  it('is the paper’s arithmetic: Tab. 1, 5 and Fig. 1', () => {
    const { averageTokens, summedTokens, retainedPercent, ratio, flopsPaper } = costOf(LLAVA, parseCompression('2/8'));
    // (2 · 576 + 30 · 72) = 3312 of 18432.
    expect([summedTokens, averageTokens]).toEqual([3312, 103.5]);
    expect(retainedPercent).toBeCloseTo(18.0, 1);
    expect(Math.round(ratio)).toBe(557);
    expect(flopsPaper / 1e12).toBeCloseTo(2.14, 2);
  });

  it('averages a scheme over its stages: last-stage compression of Tab. 1', () => {
    const stages = ['2/16', '16/16', '16/4'].map((text) => ({ compression: parseCompression(text), share: 1 / 3 }));
    const { summedTokens, ratio, tokensPerLayer } = schemeCost(LLAVA, stages);
    expect(summedTokens).toBeCloseTo(7848, 6);
    expect(Math.round(ratio)).toBe(235);
    expect(tokensPerLayer[2]).toBeCloseTo((36 + 576 + 576) / 3, 9);
  });
});

describe('solveBudget', () => {
  it('finds by hand what hits 192, 128 and 64 average tokens of LLaVA-1.5', () => {
    // 8 · 576 + 24 · 64 = 32 · 192; 4 · 576 + 28 · 64 = 32 · 128; and 192 = 576 / 3, 64 = 576 / 9 in all layers.
    const hitsOf = (value: number): string[] => hits(solveBudget(LLAVA, { kind: 'tokens', value }).single);
    expect(hitsOf(192)).toEqual(['8/9', '-1/3']);
    expect(hitsOf(128)).toEqual(['4/9']);
    expect(hitsOf(64)).toEqual(['-1/9']);
  });

  it('finds the paper’s settings from their figures', () => {
    const hitsOf = (kind: BudgetKind, value: number): string[] => hits(solveBudget(LLAVA, { kind, value }).single);
    expect(hitsOf('ratio', 557)).toContain('2/8');
    expect(hitsOf('flopsPaper', 5.47e12)).toContain('16/4');
    expect(hitsOf('retained', 62.5)).toContain('16/4');
    expect(hitsOf('flopsExact', costOf(LLAVA, parseCompression('16/8')).flopsExact)).toContain('16/8');
  });

  it('lists the nearest from below where nothing hits, a setting for each layer', () => {
    // 8 tokens in 4 layers, 19 in all wanted: −1/2 has 16, 1/3 (8 + 3 · 2) 14, 2/4 (16 + 2 · 1) 18; behind 3 layers it is 25.
    const { single } = solveBudget(small(4, 8), { kind: 'tokens', value: 19 / 4 });
    expect(single.map(({ cost }) => cost.summedTokens)).toEqual([18, 16, 14]);
    expect(settings(single)).toEqual(['2/5', '-1/2', '1/3']);
    expect(single.map(({ dropped }) => dropped)).toEqual([3, 0, 2]);
  });

  it('takes two points where one cannot hit', () => {
    // 19 = 8 + 8 + 2 + 1: two layers of 8, then 2 of them (8 / 3, two left over), then 1.
    const { nested } = solveBudget(small(4, 8), { kind: 'tokens', value: 19 / 4 });
    expect(nested.length).toBeGreaterThan(0);
    expect(settings(nested)).toContain('2/3+3/2');
    for (const { cost } of nested) expect(cost.summedTokens).toBe(19);
  });

  it('gives stages the shares that make their mean the budget', () => {
    const { staged } = solveBudget(LLAVA, { kind: 'tokens', value: 340 });
    const two = staged.find(({ stages }) => stages.length === 2 && stages[0]?.compression === '2/8');
    // 103.5 p + 576 (1 − p) = 340 at p = 236 / 472.5.
    expect(two?.stages[0]?.share).toBeCloseTo(236 / 472.5, 4);
    for (const { stages, cost } of staged) {
      expect(sum(stages.map(({ share }) => share))).toBeCloseTo(1, 9);
      expect(cost.averageTokens).toBeLessThanOrEqual(340);
      expect(cost.averageTokens).toBeGreaterThan(340 - 0.1);
    }
  });

  it('says full where everything fits, and nothing where nothing does', () => {
    expect(solveBudget(LLAVA, { kind: 'tokens', value: 600 })).toMatchObject({
      single: [{ stages: [{ compression: 'none', share: 1 }], isHit: false }],
      ...{ nested: [], staged: [] },
    });
    expect(solveBudget(LLAVA, { kind: 'ratio', value: 100 }).single[0]).toMatchObject({ isHit: true });
    expect(solveBudget(LLAVA, { kind: 'tokens', value: 0.5 })).toEqual({ single: [], nested: [], staged: [] });
  });

  it.each([
    ['tokens', 0, 'must be a number above 0'],
    ['flopsPaper', NaN, 'must be a number above 0'],
    ['ratio', 99, 'must be 100 % (no compression) or more'],
  ] as const)('refuses %s %d', (kind, value, message) => {
    expect(() => solveBudget(LLAVA, { kind, value })).toThrow(message);
  });

  const kinds = fc.constantFrom<BudgetKind>('tokens', 'retained', 'ratio', 'flopsPaper', 'flopsExact');
  it('never exceeds a budget but by a hit, and tells what the shared arithmetic tells', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 40 }),
        kinds,
        fc.double({ min: 0.05, max: 1.1, noNaN: true }),
        (layers, visualTokens, kind, share) => {
          const model = small(layers, visualTokens);
          const value = kind === 'ratio' ? 100 / Math.min(share, 1) : FIGURE_OF[kind](fullCost(model)) * share;
          const goal = goalOf(model, { kind, value });
          for (const { stages, isHit, cost } of [...solveBudget(model, { kind, value }).single]) {
            const compression = parseCompression(stages[0]!.compression);
            expect(cost.tokensPerLayer).toEqual(visualTokensPerLayer([visualTokens], layers, compression));
            const score = goal.base + sum(cost.tokensPerLayer.map((n) => goal.layerScore(n)));
            expect(goal.isHit(score)).toBe(isHit);
            if (!isHit) expect(score).toBeLessThanOrEqual(goal.limit);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds every single point that hits, compared with trying all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 2, max: 24 }), fc.nat(), (layers, tokens, pick) => {
        const model = small(layers, tokens);
        const all = Array.from({ length: layers }, (_, layer) => layer).flatMap((layer) =>
          Array.from({ length: tokens - 1 }, (_, i) => costOf(model, parseCompression(`${layer || -1}/${i + 2}`))),
        );
        const wanted = all[pick % all.length]!;
        const { single } = solveBudget(model, { kind: 'tokens', value: wanted.averageTokens });
        expect(single[0]).toMatchObject({ isHit: true, cost: { summedTokens: wanted.summedTokens } });
      }),
      { numRuns: 60 },
    );
  });
});
