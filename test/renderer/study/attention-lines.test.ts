import { describe, expect, it } from 'vitest';
import type { AttentionReport } from '../../../src/shared/attention-study.ts';
import {
  attentionLines,
  formatPart,
  formatWeight,
} from '../../../src/renderer/src/views/study/attention/attention-lines.ts';

const REPORT: AttentionReport = {
  ...{ model: 'm', data: 'd', compression: 'none', samples: 1, answerTokens: 1, durationMs: 1 },
  tokens: { system: 0, visual: 4, question: 2, answer: 1 },
  layers: [
    {
      ...{ layer: 0, visualTokens: 4 },
      perToken: { system: null, visual: 0.1, question: 0.2, answer: 0.2 },
      share: { system: 0, visual: 0.4, question: 0.4, answer: 0.2 },
    },
  ],
};

describe('attentionLines', () => {
  it('draws visual tokens, question and system prompt, broken where there is none', () => {
    const [visual, question, system] = attentionLines(REPORT, 'perToken');
    expect([visual?.id, visual?.y]).toEqual(['visual', [0.1]]);
    expect([question?.id, question?.y]).toEqual(['question', [0.2]]);
    expect([system?.id, system?.y]).toEqual(['system', [NaN]]);
    expect(attentionLines(REPORT, 'share').map(({ y }) => y)).toEqual([[0.4], [0.4], [0]]);
  });

  it('writes weights and shares that span magnitudes', () => {
    expect([formatWeight(0.00031), formatWeight(null), formatWeight(NaN)]).toEqual(['3.1e−4', '–', '–']);
    expect([formatPart(0.123), formatPart(0.0004)]).toEqual(['12.3\u202f%', '0.040\u202f%']);
  });
});
