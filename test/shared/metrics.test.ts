import { describe, expect, it } from 'vitest';
import { parseMetrics, runCompressionRatio, trainMetricsSchema, type TrainMetrics } from '../../src/shared/metrics.ts';

const line: TrainMetrics = {
  step: 1,
  epoch: 0.01,
  samples: 16,
  loss: 3.5,
  lr: 0,
  gradNorm: 2,
  stepMs: 120,
  memoryBytes: 1e9,
  tensors: 300,
  time: '2026-01-02T03:04:05.678Z',
  stage: 0,
  compression: '1/8',
  visualTokens: 156,
  visualTokensPerLayer: [64, 8, 8, 8, 8, 8],
  compressionRatio: 246.15,
  visualTokensSeen: 100,
  visualTokensSaved: 150,
  flopsPaper: 1e12,
  flopsExact: 2e12,
  flopsSavedPaper: 3e12,
  flopsSavedExact: 4e12,
  supervisedTokens: 30,
  tokensPerSecond: 4000,
};
const parse = (value: unknown) => parseMetrics(trainMetricsSchema, JSON.stringify(value), 'metrics.jsonl:3');

describe('a line of metrics', () => {
  it('reads back as it was written', () => {
    expect(parse(line)).toEqual(line);
  });

  it('may have fields of a later version', () => {
    expect(parse({ ...line, later: 1 })).toEqual(line);
  });

  it.each<[string, object, string]>([
    ['loss', { loss: Number.NaN }, 'metrics.jsonl:3: loss: must be a finite number (found null)'],
    ['step', { step: 0 }, 'metrics.jsonl:3: step: must be 1 or more (found 0)'],
    [
      'a layer',
      { visualTokensPerLayer: [1, -1] },
      'metrics.jsonl:3: visualTokensPerLayer[1]: must be 0 or more (found -1)',
    ],
    ['a missing field', { stage: undefined }, 'metrics.jsonl:3: stage: is missing: it must be a finite number'],
  ])('is refused with its place: %s', (_, change, message) => {
    expect(() => parse({ ...line, ...change })).toThrow(message);
  });

  it('is refused where it is torn', () => {
    expect(() => parseMetrics(trainMetricsSchema, '{"step": 1, "los', 'metrics.jsonl:3')).toThrow(
      'metrics.jsonl:3: must be one JSON object',
    );
  });

  it('tells the compression ratio of the run so far', () => {
    expect(runCompressionRatio(line)).toBe(250);
    expect(runCompressionRatio({ ...line, visualTokensSeen: 0, visualTokensSaved: 0 })).toBe(100);
  });
});
