import { describe, expect, it } from 'vitest';
import { QuestionHeads, type AnsweredQuestion } from '../../../../src/main/engine/train/question-heads.ts';

const asked = (question: string, ...answers: string[]): AnsweredQuestion[][] =>
  answers.map((answer) => [{ question, answer }]);

describe('question heads', () => {
  const heads = new QuestionHeads(
    [
      ...asked('What shape?', 'circle', 'square', 'circle'),
      ...asked('Is it red?', 'yes', 'no'),
      ...asked('What colour?', 'red'),
      ...asked('Is it a shape?', 'yes', 'yes', 'yes'),
    ],
    2,
  );

  it('are for questions asked often enough that have two answers or more', () => {
    expect(heads.questionCount).toBe(2);
    expect(heads.classCount).toBe(4);
  });

  it('have one range of classes each, questions and answers in alphabetical order', () => {
    const target = (question: string, answer: string): unknown => heads.targets([{ question, answer }])[0];
    expect(target('Is it red?', 'no')).toEqual({ firstClass: 0, classCount: 2, target: 0 });
    expect(target('Is it red?', 'yes')).toEqual({ firstClass: 0, classCount: 2, target: 1 });
    expect(target('What shape?', 'circle')).toEqual({ firstClass: 2, classCount: 2, target: 2 });
    expect(target('What shape?', 'square')).toEqual({ firstClass: 2, classCount: 2, target: 3 });
  });

  it('targets keep the order of a sample’s questions and leave out what has no head', () => {
    const targets = heads.targets([
      { question: 'What shape?', answer: 'square' },
      { question: 'What colour?', answer: 'red' },
      { question: 'Is it red?', answer: 'maybe' },
      { question: 'Is it red?', answer: 'yes' },
    ]);
    expect(targets.map(({ target }) => target)).toEqual([3, 1]);
  });

  it('count a question over all samples, not within one', () => {
    const twice = [{ question: 'Q', answer: 'a' }];
    expect(new QuestionHeads([twice, [{ question: 'Q', answer: 'b' }]], 2).questionCount).toBe(1);
    expect(new QuestionHeads([twice, [{ question: 'Q', answer: 'b' }]], 3).questionCount).toBe(0);
  });

  it('may ask for more answers of a question', () => {
    const samples = [...asked('Yes or no?', 'yes', 'no'), ...asked('Which?', 'a', 'b', 'c')];
    expect(new QuestionHeads(samples, 1, 3).classCount).toBe(3);
    expect(new QuestionHeads(samples, 1).classCount).toBe(5);
  });

  it('do not depend on the order of the samples', () => {
    const samples = [...asked('B', 'x', 'y'), ...asked('A', 'z', 'w')];
    const [one, other] = [new QuestionHeads(samples, 1), new QuestionHeads([...samples].reverse(), 1)];
    expect(samples.map((sample) => one.targets(sample))).toEqual(samples.map((sample) => other.targets(sample)));
  });

  it('of words that are names of object members are heads as any other', () => {
    const odd = new QuestionHeads(asked('__proto__', 'constructor', 'toString'), 1);
    expect(odd.targets([{ question: '__proto__', answer: 'toString' }])).toHaveLength(1);
    expect(odd.targets([{ question: 'hasOwnProperty', answer: 'toString' }])).toEqual([]);
  });
});
