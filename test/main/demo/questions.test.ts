import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  guessingAccuracy,
  pickQuestions,
  readPictureQuestions,
  type PictureQuestion,
} from '../../../src/main/demo/questions.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const ask = (question: string, answer: string): PictureQuestion => ({ image: 'a.png', question, answer });

describe('readPictureQuestions', () => {
  it('gives the turns of every record with one picture, in order', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'test.jsonl');
    const turns = (...pairs: [string, string][]): object[] =>
      pairs.flatMap(([q, a]) => [
        { from: 'human', value: q },
        { from: 'gpt', value: a },
      ]);
    const records = [
      { id: 1, image: 'one.png', conversations: turns(['<image>\nwhat?', 'that'], ['why?', 'so']) },
      { id: 2, conversations: turns(['no picture?', 'none']) },
      { id: 3, images: ['a.png', 'b.png'], conversations: turns(['<image><image>\nsame?', 'no']) },
    ];
    writeFileSync(file, `${records.map((record) => JSON.stringify(record)).join('\n')}\n`);
    const image = join('pictures', 'one.png');
    expect(readPictureQuestions(file, 'pictures')).toEqual([
      [
        { image, question: 'what?', answer: 'that' },
        { image, question: 'why?', answer: 'so' },
      ],
    ]);
  });
});

describe('guessingAccuracy', () => {
  const train = [
    [ask('color?', 'red'), ask('color?', 'red')],
    [ask('color?', 'blue'), ask('any?', 'yes')],
  ];

  it('is that of the most frequent answer of the training data', () => {
    const test = [[ask('color?', 'red'), ask('color?', 'blue'), ask('any?', 'yes'), ask('new?', 'yes')]];
    expect(guessingAccuracy(train, test)).toBe(0.5);
  });

  it('is of the first questions only where they are limited', () => {
    const test = [[ask('color?', 'red')], [ask('any?', 'yes'), ask('any?', 'no')]];
    expect(guessingAccuracy(train, test, 2)).toBe(1);
  });
});

describe('pickQuestions', () => {
  it('takes other pictures and, as far as there are any, other answers', () => {
    const pictures = [
      [ask('a', 'red'), ask('b', 'blue')],
      [ask('never', 'never')],
      [ask('c', 'red'), ask('d', 'yes')],
      [ask('never', 'never')],
      [ask('e', 'yes')],
      [ask('never', 'never')],
    ];
    expect(pickQuestions(pictures, 3).map(({ question }) => question)).toEqual(['a', 'd', 'e']);
  });

  it('takes all of a few', () => expect(pickQuestions([[ask('a', 'red')]], 5)).toHaveLength(1));
});
