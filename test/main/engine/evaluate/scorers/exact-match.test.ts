import { describe, expect, it } from 'vitest';
import { answerType, normaliseAnswer } from '../../../../../src/shared/answer-type.ts';
import { isExactMatch } from '../../../../../src/main/engine/evaluate/scorers/exact-match.ts';

describe('exact match', () => {
  it.each([
    ['Yes', 'yes'],
    [' yes. ', 'yes'],
    ['A  red\ncircle!', 'a red circle'],
    ['ﬁve', 'five'],
    ['“Red”', 'red'],
    ['', '...'],
  ])('takes %j for %j', (answer, expected) => {
    expect(isExactMatch(answer, expected)).toBe(true);
  });

  it.each([
    ['yes it is', 'yes'],
    ['y es', 'yes'],
    ['', 'yes'],
    ['1', '11'],
    ['rot', 'röt'],
  ])('does not take %j for %j', (answer, expected) => {
    expect(isExactMatch(answer, expected)).toBe(false);
  });

  it('keeps letters and digits of every script', () => {
    expect(normaliseAnswer('Größe: 3 — 你好')).toBe('größe 3 你好');
  });
});

describe('kinds of answers', () => {
  it.each([
    ['Yes', 'yes/no'],
    ['no.', 'yes/no'],
    ['12', 'number'],
    ['red', 'other'],
    ['3 dogs', 'other'],
  ])('%j is %s', (answer, type) => {
    expect(answerType(answer)).toBe(type);
  });
});
