import { describe, expect, it } from 'vitest';
import { BUDGET_KINDS } from '../../../src/shared/budget-target.ts';
import { LLAVA_15_7B } from '../../../src/shared/paper-model.ts';
import { solveBudget } from '../../../src/shared/token-budget.ts';
import { budgetScale, sameBudget } from '../../../src/renderer/src/views/study/budget/budget-scale.ts';

const LLAVA = { shape: LLAVA_15_7B, visualTokens: 576, textTokens: 62 };

describe('budgetScale', () => {
  it('goes from one token a layer to full, in units one can read', () => {
    expect(budgetScale(LLAVA, 'tokens')).toMatchObject({ min: 1, max: 576 });
    expect(budgetScale(LLAVA, 'retained')).toMatchObject({ min: 0.2, max: 100 });
    expect(budgetScale(LLAVA, 'ratio')).toMatchObject({ min: 100, max: 2000 });
    // 32 · 63 and 32 · 638 tokens of 0.4048 GFLOPs.
    expect(budgetScale(LLAVA, 'flopsPaper')).toMatchObject({ unit: 'TFLOPs', factor: 1e12, min: 0.82, max: 8.26 });
  });

  it('has a step and a solution for every kind at its middle', () => {
    for (const kind of BUDGET_KINDS) {
      const { min, max, factor, step } = budgetScale(LLAVA, kind);
      expect(step).toBeGreaterThan(0);
      const { single } = solveBudget(LLAVA, { kind, value: ((min + max) / 2) * factor });
      expect(single.length).toBeGreaterThan(0);
    }
  });
});

describe('sameBudget', () => {
  it('says a budget in the words of another kind', () => {
    const solutions = solveBudget(LLAVA, { kind: 'ratio', value: 300 });
    expect(sameBudget(solutions, 'tokens', budgetScale(LLAVA, 'tokens'))).toBe(192);
    expect(sameBudget(solutions, 'flopsPaper', budgetScale(LLAVA, 'flopsPaper'))).toBe(3.29);
  });
});
