import { describe, expect, it } from 'vitest';
import {
  evidenceOf,
  findingOf,
  formatPoints,
  formatSpread,
  progressOf,
} from '../../../src/renderer/src/views/study/experiments/experiment-text.ts';
import type { Comparison } from '../../../src/shared/experiment/result.ts';
import type { ExperimentRow } from '../../../src/shared/api/experiments.ts';

describe('numbers of an experiment', () => {
  it('gives points with a sign and spreads with what is known of the noise', () => {
    expect([-1.204, 0.05, -0.001].map(formatPoints)).toEqual(['−1.20', '+0.05', '0.00']);
    expect(formatSpread({ mean: 98.046, deviation: 1.357 })).toBe('98.05 ± 1.36');
    expect(formatSpread({ mean: 98.046 })).toBe('98.05');
  });
});

describe('a comparison', () => {
  it('is a finding and what it rests on', () => {
    const paired = { seeds: 3, questions: 100, lost: 20, gained: 2, probability: 0.0001 };
    const comparison: Comparison = {
      ...{ difference: -6, seeds: [3, 3], overSeeds: [-8, -4], verdict: 'worse' },
      paired: { ...paired, overQuestions: [-7, -5], overQuestionsAndSeeds: [-7.5, -4.5] },
    };
    expect(findingOf(comparison)).toEqual({ text: 'Worse', tone: 'bad' });
    expect(evidenceOf(comparison, 0.0123)).toEqual(['−8.00 to −4.00', '−7.50 to −4.50', '20 / 2', '0.012']);
  });

  it('claims nothing from one seed', () => {
    const comparison: Comparison = { difference: -6, seeds: [1, 1], verdict: 'too-few-seeds' };
    expect(findingOf(comparison)).toEqual({ text: 'Too few seeds to say', tone: 'warn' });
    expect(evidenceOf(comparison)).toEqual(['–', '–', '–', '–']);
  });
});

describe('progressOf', () => {
  const row: ExperimentRow = {
    ...{ name: 'try', description: '', baseline: 'full', schemes: ['full'], seeds: [0], data: 'test.jsonl' },
    isRunning: true,
    runs: [
      { run: 'tower', state: 'done' },
      { run: 'try-full-seed0', label: 'full', seed: 0, state: 'asking' },
      { run: 'try-pool-seed0', label: 'pool', seed: 0, state: 'failed', reason: 'no memory' },
    ],
  };

  it('counts what is done and names what happens', () => {
    expect(progressOf(row)).toMatchObject({
      ...{ done: 1, total: 3, text: 'try-full-seed0 answers the test questions' },
      failed: [{ run: 'try-pool-seed0', reason: 'no memory' }],
    });
    expect(progressOf({ ...row, isRunning: false }).text).toBeUndefined();
  });
});
