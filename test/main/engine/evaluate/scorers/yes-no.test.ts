import { describe, expect, it } from 'vitest';
import { gqa } from '../../../../../src/main/engine/evaluate/scorers/gqa.ts';
import { mme, mmeReading } from '../../../../../src/main/engine/evaluate/scorers/mme.ts';
import { pope, popeSaysYes } from '../../../../../src/main/engine/evaluate/scorers/pope.ts';
import { videoQa } from '../../../../../src/main/engine/evaluate/scorers/video-qa.ts';
import { question, scored } from '../../../../helpers/scoring.ts';

describe('POPE', () => {
  it.each([
    ['Yes', true],
    ['No', false],
    ['no, there is not', false],
    ['There is not a cat.', false],
    ['Yes. But not a dog.', true],
    ['A cat', true],
    ['NO', true],
    ['nothing', true],
    ['', true],
  ])('%j says yes: %s', (answer, saysYes) => {
    expect(popeSaysYes(answer)).toBe(saysYes);
  });

  it('is told by setting, and as the mean of F1', () => {
    const of = (setting: string, label: string): ReturnType<typeof question> =>
      question('pope', label, { tags: { setting } });
    const { metrics, names } = scored(pope, [
      ['Yes', of('random', 'yes')],
      ['Yes', of('random', 'yes')],
      ['Yes', of('random', 'no')],
      ['No', of('random', 'yes')],
      ['No', of('random', 'no')],
      ['No', of('popular', 'no')],
      ['Yes', of('popular', 'yes')],
    ]);
    // random: TP 2, FP 1, FN 1, TN 1 → accuracy 3/5, precision 2/3, recall 2/3, F1 2/3, yes 3/5; popular: all right.
    expect(metrics['random accuracy']).toBeCloseTo(60, 10);
    expect(metrics['random precision']).toBeCloseTo(200 / 3, 10);
    expect(metrics['random recall']).toBeCloseTo(200 / 3, 10);
    expect(metrics['random F1']).toBeCloseTo(200 / 3, 10);
    expect(metrics['random yes ratio']).toBeCloseTo(60, 10);
    expect(metrics['popular F1']).toBe(100);
    expect(names[0]).toBe('F1');
    expect(metrics['F1']).toBeCloseTo((200 / 3 + 100) / 2, 10);
  });

  it('is 0, not undefined, where nothing says yes', () => {
    const { metrics } = scored(pope, [['No', question('pope', 'yes', { tags: { setting: 'random' } })]]);
    expect(metrics).toMatchObject({ F1: 0, 'random precision': 0, 'random recall': 0, 'random yes ratio': 0 });
  });
});

describe('MME', () => {
  it.each([
    ['Yes', 'yes'],
    ['yes, it is', 'yes'],
    ['NO.', 'no'],
    ['Nope', 'no'],
    ['It is not', 'other'],
    ['', 'other'],
  ])('%j is read as %s', (answer, reading) => {
    expect(mmeReading(answer)).toBe(reading);
  });

  it('adds accuracy and accuracy+ of each subtask, and those of its kind', () => {
    const of = (subtask: string, picture: number, expected: string): ReturnType<typeof question> =>
      question('mme', expected, { group: { id: `${subtask}/${picture}`, size: 2 }, tags: { subtask } });
    const { metrics, names } = scored(mme, [
      ['Yes', of('existence', 1, 'yes')],
      ['No', of('existence', 1, 'no')],
      ['Yes', of('existence', 2, 'yes')],
      ['Yes', of('existence', 2, 'no')],
      ['Yes', of('count', 1, 'yes')],
      ['No', of('count', 1, 'no')],
      ['maybe', of('code_reasoning', 1, 'yes')],
      ['No', of('code_reasoning', 1, 'no')],
    ]);
    // existence: 3 of 4 right, 1 of 2 pictures → 75 + 50; count: 100 + 100; code: 1 of 2, 0 of 1 → 50 + 0.
    expect(metrics).toMatchObject({ existence: 125, count: 200, code_reasoning: 50 });
    expect(metrics).toMatchObject({ 'existence accuracy': 75, 'existence accuracy+': 50 });
    expect(names.slice(0, 2)).toEqual(['perception', 'cognition']);
    expect([metrics['perception'], metrics['cognition']]).toEqual([325, 50]);
  });
});

describe('GQA', () => {
  it('takes the whole answer, in lower case and without its full stop', () => {
    const red = question('gqa', 'red', { tags: { structural: 'query' } });
    const yes = question('gqa', 'yes', { tags: { structural: 'verify' } });
    const { credits, metrics } = scored(gqa, [
      ['Red.', red],
      ['red car', red],
      ['Yes', yes],
    ]);
    expect(credits).toEqual([1, 0, 1]);
    expect(metrics['accuracy']).toBeCloseTo(200 / 3, 10);
    expect(metrics).toMatchObject({ query: 50, verify: 100 });
  });
});

describe('video questions', () => {
  it('are an exact match, by type where there is one', () => {
    const { credits, metrics } = scored(videoQa, [
      ['Dog', question('activitynet-qa', 'dog', { tags: { type: '5' } })],
      ['a dog', question('activitynet-qa', 'dog', { tags: { type: '5' } })],
      ['Yes.', question('activitynet-qa', 'yes', { tags: { type: '3' } })],
    ]);
    expect(credits).toEqual([1, 0, 1]);
    expect(metrics['exact match']).toBeCloseTo(200 / 3, 10);
    expect(metrics).toMatchObject({ object: 50, 'yes/no': 100 });
  });
});
