import { describe, expect, it } from 'vitest';
import type { EvaluationReport, SettingResult } from '../../src/shared/evaluation.ts';
import { gridCompressions, redundancyOf } from '../../src/shared/redundancy.ts';

function setting(compression: string, accuracy: number, retainedPercent: number): SettingResult {
  return {
    compression,
    accuracy,
    retainedPercent,
    score: { questions: 1000, correct: Math.round(1000 * accuracy) },
    interval: [0, 1],
    byType: {},
    visualTokens: 1,
    compressionRatio: 10_000 / retainedPercent,
    flopsPaper: 1,
    flopsExact: 1,
    prefillMs: 1,
    totalMs: 1,
  };
}

function report(...settings: SettingResult[]): EvaluationReport {
  return {
    model: 'm',
    data: 'd',
    questions: 1000,
    images: 100,
    layers: 12,
    loadMs: 1,
    visionMs: 1,
    durationMs: 1,
    settings,
  };
}

describe('the grid', () => {
  it('is full and every layer with every stride, each once', () => {
    expect(gridCompressions([1, 3], [2, 8])).toEqual(['none', '1/2', '1/8', '3/2', '3/8']);
    expect(gridCompressions([1, 1], [1, 2])).toEqual(['none', '1/2']);
    expect(gridCompressions([1], [2, 4], ['average-pool', 'k-means'])).toEqual([
      ...['none', '1/2', '1/4', '1/2:k-means', '1/4:k-means'],
    ]);
    expect(() => gridCompressions([0, 1], [2], ['attention'])).toThrow('layer K of attention must be 1 or more');
  });
});

describe('the redundancy study', () => {
  it('tolerates a fall of exactly 3 points, and orders by what is left', () => {
    // Accuracies made up for the test: 0.62 − 0.59 is a little more than 0.03 in floating point.
    const study = redundancyOf(
      report(
        setting('2/8', 0.557, 18),
        setting('none', 0.62, 100),
        setting('2/4', 0.59, 29.7),
        setting('16/4', 0.609, 62.5),
      ),
    )!;
    expect(study.full.accuracy).toBe(0.62);
    expect(study.points.map(({ compression }) => compression)).toEqual(['16/4', '2/4', '2/8']);
    expect(study.points[1]!.difference).toBeCloseTo(-3, 10);
    expect(study.lastTolerated?.compression).toBe('2/4');
    expect(study.firstBeyond?.compression).toBe('2/8');
  });

  it('names the most removed that is tolerated even where more was lost before it', () => {
    const study = redundancyOf(
      report(setting('none', 0.9, 100), setting('6/8', 0.8, 60), setting('3/2', 0.89, 50), setting('1/8', 0.5, 20)),
    )!;
    expect(study.firstBeyond?.compression).toBe('6/8');
    expect(study.lastTolerated?.compression).toBe('3/2');
  });

  it('says so where nothing is lost, and where everything is', () => {
    const nothing = redundancyOf(report(setting('none', 0.9, 100), setting('1/8', 0.91, 20)))!;
    expect([nothing.lastTolerated?.compression, nothing.firstBeyond]).toEqual(['1/8', undefined]);
    const everything = redundancyOf(report(setting('none', 0.9, 100), setting('1/8', 0.1, 20)))!;
    expect([everything.lastTolerated, everything.firstBeyond?.compression]).toEqual([undefined, '1/8']);
  });

  it('needs full to compare with', () => {
    expect(redundancyOf(report(setting('1/8', 0.9, 20)))).toBeUndefined();
  });
});
