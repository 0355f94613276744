import { describe, expect, it } from 'vitest';
import { Tally } from '../../src/shared/tally.ts';
import { answerCost } from '../../src/shared/answer-cost.ts';
import { FULL, parseCompression } from '../../src/shared/compression.ts';
import { decodeFlops, forwardFlops, totalFlops } from '../../src/shared/exact-flops.ts';
import { llava15 } from './llava-1.5-7b.ts';

const PROMPT = { groupLengths: [576], textTokens: 62, generatedTokens: 1 };

describe('the cost of an answer', () => {
  it("gives the paper's FLOPs (Tab. 5) and compression ratios (Tab. 1)", () => {
    const cost = (setting: string): ReturnType<typeof answerCost> =>
      answerCost(llava15, PROMPT, parseCompression(setting));
    expect(cost('none').flopsPaper / 1e12).toBeCloseTo(8.26, 2);
    expect(cost('2/8').flopsPaper / 1e12).toBeCloseTo(2.14, 2);
    expect(Math.round(cost('2/8').compressionRatio)).toBe(557);
  });

  it('counts the prefill as FastV does: 612 tokens, 99.3 GFLOPs a layer', () => {
    const { flopsFastv } = answerCost(llava15, { ...PROMPT, textTokens: 36 }, FULL);
    expect(flopsFastv / 32 / 1e9).toBeCloseTo(99.3, 1);
  });

  it('adds every token behind the first against a cache that has grown', () => {
    const compression = parseCompression('2/8');
    const { flopsExact } = answerCost(llava15, { ...PROMPT, generatedTokens: 3 }, compression);
    const lengths = (more: number): number[] =>
      Array.from({ length: 32 }, (_, layer) => (layer < 2 ? 638 : 134) + more);
    const prefill = totalFlops(
      forwardFlops(llava15, { groupLengths: [576], textTokens: 62, headTokens: 1 }, compression),
    );
    const decoding = decodeFlops(llava15.decoder, lengths(0)) + decodeFlops(llava15.decoder, lengths(1));
    expect(flopsExact).toBe(prefill + decoding);
  });
});

describe('a tally', () => {
  it('counts by kind of answer and averages over questions', () => {
    const tally = new Tally(parseCompression('2/8'), llava15);
    const question = { ...PROMPT, expected: 'yes', isCorrect: true };
    tally.add(question);
    tally.add({ ...question, expected: 'red', isCorrect: false });
    tally.add({ ...question, groupLengths: [], expected: 'no', isCorrect: false });
    tally.addTime(30, 60);
    const result = tally.result();
    expect(result.score).toEqual({ questions: 3, correct: 1 });
    expect(result.byType).toEqual({ other: { questions: 1, correct: 0 }, 'yes/no': { questions: 2, correct: 1 } });
    expect([result.prefillMs, result.totalMs]).toEqual([10, 20]);
    expect(result.visualTokens).toBe((2 * (2 * 576 + 30 * 72)) / 3);
    expect(result.retainedPercent).toBeCloseTo(17.97, 2);
    expect(Math.round(result.compressionRatio)).toBe(557);
  });

  it('of nothing is finite', () => {
    const result = new Tally(FULL, llava15).result();
    expect(result).toMatchObject({
      accuracy: 0,
      interval: [0, 1],
      retainedPercent: 100,
      compressionRatio: 100,
      totalMs: 0,
    });
  });
});
