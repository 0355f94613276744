import { describe, expect, it } from 'vitest';
import { attentionCsv } from '../../src/shared/attention-csv.ts';
import { attentionFinding } from '../../src/shared/attention-finding.ts';
import type { AttentionLayer, AttentionReport } from '../../src/shared/attention-study.ts';

const layer = (index: number, visual: number, system: number | null): AttentionLayer => ({
  ...{ layer: index, visualTokens: 4 },
  perToken: { system, visual, question: 0.02, answer: null },
  share: { system: 0.5, visual: 0.25, question: 0.25, answer: 0 },
});

const report = (layers: AttentionLayer[]): AttentionReport => ({
  ...{ model: 'm', data: 'd', compression: 'none', samples: 1, answerTokens: 2, durationMs: 1 },
  tokens: { system: 3, visual: 4, question: 5, answer: 2 },
  layers,
});

describe('attentionFinding', () => {
  it('compares layer 0 with the mean of those from layer 2 on, and with system tokens there', () => {
    const found = report([layer(0, 1e-3, 0.5), layer(1, 0.9, 0.5), layer(2, 1e-4, 0.02), layer(3, 3e-4, 0.04)]);
    expect(attentionFinding(found)).toBe(
      'Here a visual token receives 1.0e−3 of the answer’s attention in layer 0 and 2.0e−4 on average from layer 2 on, where a system token receives 3.0e−2, 150 times as much.',
    );
  });

  it('says what can be said of shallow models and rows without a system prompt', () => {
    expect(attentionFinding(report([layer(0, 1e-3, 0.5)]))).toMatch(/in layer 0; the model has no layer 2\.$/);
    expect(attentionFinding(report([0, 1, 2].map((at) => layer(at, 0.1, null))))).toMatch(/from layer 2 on\.$/);
  });
});

describe('attentionCsv', () => {
  it('has a line for each layer, empty where there is no number', () => {
    expect(attentionCsv(report([layer(0, 0.001, 0.5)])).split('\n')).toEqual([
      'layer,visual_tokens,per_system_token,per_visual_token,per_question_token,per_answer_token,system_share,visual_share,question_share,answer_share',
      '0,4,0.5,0.001,0.02,,0.5,0.25,0.25,0',
      '',
    ]);
  });
});
