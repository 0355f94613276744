import { describe, expect, it } from 'vitest';
import type { Sample, Samples } from '../../../../src/main/engine/data/dataset-reader.ts';
import { encodePrompt } from '../../../../src/main/engine/data/encode.ts';
import {
  batchGroups,
  groupQuestions,
  questionSlots,
  type QuestionGroup,
} from '../../../../src/main/engine/evaluate/questions.ts';
import { vicunaTemplate } from '../../../helpers/tiny-template.ts';

const VISUAL_TOKENS = 4;
const template = vicunaTemplate();
const { tokenizer } = template;

function sample(id: string, images: string[], questions: string[]): Sample {
  const turns = questions.map((question, i) => ({
    question,
    media: i === 0 ? images.length : 0,
    answer: `${question}!`,
  }));
  return { id, modality: images.length > 0 ? 'image' : 'text', system: undefined, turns, images };
}

const samplesOf = (...all: Sample[]): Samples => ({
  length: all.length,
  get: (index) => all[index]!,
  facts: () => {
    throw new Error('not asked for');
  },
});

const group = (...all: Sample[]): QuestionGroup[] => groupQuestions(samplesOf(...all), template, VISUAL_TOKENS);

describe('questions put together', () => {
  it('share the tokens up to the last image, and are whole with their own behind', () => {
    const [only, ...others] = group(sample('a', ['cat.png'], ['What?', 'What colour?']));
    expect(others).toEqual([]);
    expect(only!.images).toEqual(['cat.png']);
    expect(only!.groups).toHaveLength(1);
    expect(only!.prefix.slice(-VISUAL_TOKENS)).toEqual(new Int32Array(VISUAL_TOKENS).fill(tokenizer.special.image));
    expect(only!.questions.map(({ expected }) => expected)).toEqual(['What?!', 'What colour?!']);
    for (const [i, text] of ['What?', 'What colour?'].entries()) {
      const message = { role: 'user', visuals: 1, text } as const;
      const whole = encodePrompt([message], { template, visualTokens: VISUAL_TOKENS });
      expect([...only!.prefix, ...only!.questions[i]!.suffix]).toEqual([...whole.tokenIds]);
    }
  });

  it('come from several records of one image, but not of others or other orders', () => {
    const groups = group(
      sample('a', ['cat.png'], ['What?']),
      sample('b', ['dog.png'], ['What?']),
      sample('c', ['cat.png'], ['A cat?']),
      sample('d', ['cat.png', 'dog.png'], ['What?']),
      sample('e', ['dog.png', 'cat.png'], ['What?']),
      sample('f', [], ['What?', 'A cat?']),
    );
    expect(groups.map(({ questions }) => questions.map(({ id }) => id))).toEqual([
      ['a#0', 'c#0'],
      ['b#0'],
      ['d#0'],
      ['e#0'],
      ['f#0', 'f#1'],
    ]);
    expect(groups.at(-1)!.prefix).toHaveLength(0);
  });

  it('do so 16 at a time', () => {
    const groups = group(
      sample(
        'a',
        ['cat.png'],
        Array.from({ length: 35 }, (_, i) => `What ${i}?`),
      ),
    );
    expect(groups.map(({ questions }) => questions.length)).toEqual([16, 16, 3]);
  });

  it('are the first ones where there is a limit', () => {
    const samples = samplesOf(sample('a', ['cat.png'], ['What?', 'A cat?']), sample('b', [], ['What?', 'red?']));
    const groups = groupQuestions(samples, template, VISUAL_TOKENS, 3);
    expect(groups.map(({ questions }) => questions.length)).toEqual([2, 1]);
  });
});

describe('batches of groups', () => {
  it('hold each group once, only prompts of one length, and no more rows than allowed', () => {
    const groups = group(
      ...Array.from({ length: 9 }, (_, i) =>
        sample(
          `a${i}`,
          [`${i}.png`],
          Array.from({ length: 1 + (i % 4) }, (_, q) => `What ${q}?`),
        ),
      ),
      sample('text', [], ['What?']),
    );
    const batches = batchGroups(groups, 8);
    expect(new Set(batches.flat())).toEqual(new Set(groups));
    expect(batches.flat()).toHaveLength(groups.length);
    for (const batch of batches) {
      expect(new Set(batch.map(({ prefix }) => prefix.length)).size).toBe(1);
      expect(batch.length * Math.max(...batch.map(({ questions }) => questions.length))).toBeLessThanOrEqual(8);
    }
  });

  it('take places for questions in few numbers', () => {
    expect([1, 2, 3, 4, 5, 9, 13, 16].map(questionSlots)).toEqual([1, 2, 4, 4, 8, 12, 16, 16]);
    const withThree = group(
      ...Array.from({ length: 4 }, (_, i) => sample(`a${i}`, [`${i}.png`], ['What?', 'A?', 'red?'])),
    );
    expect(batchGroups(withThree, 8).map(({ length }) => length)).toEqual([2, 2]);
  });

  it('hold one group at least', () => {
    const groups = group(
      sample('a', ['cat.png'], ['What?', 'A?', 'red?']),
      sample('b', ['dog.png'], ['What?', 'A?', 'red?']),
    );
    expect(batchGroups(groups, 1).map(({ length }) => length)).toEqual([1, 1]);
  });
});
