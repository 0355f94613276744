import { describe, expect, it } from 'vitest';
import { answerHead, answerLine, costLine } from '../../../src/main/demo/answers-phase.ts';
import { answerStatsSchema, type AnswerStats } from '../../../src/shared/answer.ts';

const stats = (changes: Partial<AnswerStats> = {}): AnswerStats =>
  answerStatsSchema.parse({
    ...{ compression: '1/8', reason: 'stop', tokens: 1, promptTokens: 20, visualTokensPerLayer: [64, 8, 8, 8] },
    visualStarts: [4],
    ...{ compressionRatio: 290.9, timeToFirstTokenMs: 10, flopsPaper: 1, flopsExact: 1, cacheBytes: 1, memoryBytes: 1 },
    ...changes,
  });
const question = { image: 'a.png', question: 'what is this?', answer: 'circle' };
const said = (text: string): { text: string; stats: AnswerStats } => ({ text, stats: stats() });

describe('answers side by side', () => {
  it('stand under their settings, marked right or wrong', () => {
    const line = answerLine(question, [said('Circle'), said('triangle')], 20);
    const head = answerHead(['none', '1/8'], 20);
    expect(line).toMatch(/^what is this\? +circle +✓ Circle +✗ triangle$/);
    expect(line.indexOf('✓')).toBe(head.indexOf('full'));
    expect(line.indexOf('✗')).toBe(head.indexOf('1/8'));
  });

  it('keep their columns when something is long', () => {
    const long = { ...question, question: 'is there anything that is not a circle?' };
    const line = answerLine(long, [said('x'.repeat(40)), said('circle')], 20);
    expect(line).toContain('is there anything t…  ');
    expect(line.indexOf('✓')).toBe(answerHead(['none', '1/8'], 20).indexOf('1/8'));
  });
});

describe('costLine', () => {
  it('averages over the answers at a setting', () => {
    const line = costLine([stats(), stats({ timeToFirstTokenMs: 20 })]);
    expect(line).toBe('1/8: 88 visual tokens over all layers (CR 291 %), first token after 15.0 ms');
  });
});
