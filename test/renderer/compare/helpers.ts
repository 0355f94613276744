import type { Ask } from '../../../src/shared/api/compare.ts';
import { answerStatsSchema, type AnswerStats } from '../../../src/shared/answer.ts';

/** What an answer took, by a model of 6 layers and 64 visual tokens. */
export function statsOf(changes: Partial<AnswerStats> = {}): AnswerStats {
  return answerStatsSchema.parse({
    ...{ compression: 'none', reason: 'stop', tokens: 2, promptTokens: 80, visualStarts: [14] },
    ...{ visualTokensPerLayer: [64, 64, 64, 64, 64, 64], compressionRatio: 100, timeToFirstTokenMs: 20 },
    ...{ tokensPerSecond: 100, flopsPaper: 1e8, flopsExact: 2e8, cacheBytes: 4e5, memoryBytes: 4e8 },
    ...changes,
  });
}

/** A question to full and 1/8 that was answered. */
export function askOf(changes: Partial<Ask> = {}): Ask {
  const panes = [
    { model: 'runs/a/final', compression: 'none' },
    { model: 'runs/a/final', compression: '1/8' },
  ];
  return {
    id: 'q1',
    askedAt: '2026-11-22T19:00:00.000Z',
    state: 'done',
    request: {
      question: 'what shape?',
      images: [{ media: 'u.1' }],
      ...{ maxTokens: 16, temperature: 0, topP: 1, seed: 0, panes },
    },
    media: ['u.1'],
    answers: panes.map((pane, i) => ({ ...pane, text: ['circle', 'square'][i] ?? '', stats: statsOf() })),
    ...changes,
  };
}
