import { describe, expect, it } from 'vitest';
import { mmbench } from '../../../../../src/main/engine/evaluate/scorers/mmbench.ts';
import { optionOf } from '../../../../../src/main/engine/evaluate/scorers/option-letter.ts';
import { scienceqa, scienceqaLetter } from '../../../../../src/main/engine/evaluate/scorers/scienceqa.ts';
import { seedBench } from '../../../../../src/main/engine/evaluate/scorers/seed-bench.ts';
import { question, scored } from '../../../../helpers/scoring.ts';

describe('the option an answer means', () => {
  const OPTIONS = ['a red car', 'a blue car', 'a bus'];
  it.each([
    ['B', 'B'],
    ['B.', 'B'],
    ['(B) a blue car', 'B'],
    ['The answer is: C', 'C'],
    ['it is a Blue Car', 'B'],
    ['D', undefined],
    ['b', undefined],
    ['B or C', undefined],
    ['a red car, not a bus', undefined],
    ['', undefined],
    // The letter is too far from the end, and the text longer than twice all options (2 · 24).
    ['C is what I would say about this picture if I had to say something', undefined],
    // So is this one's letter, but its text is short and names one option.
    ['C I think it is a bus', 'C'],
  ])('%j is %s', (answer, letter) => {
    expect(optionOf(answer, OPTIONS)).toBe(letter);
  });

  it('counts a letter among the last four words', () => {
    expect(optionOf('B w w w', ['x', 'y'])).toBe('B');
    expect(optionOf('B w w w w', ['x', 'y'])).toBeUndefined();
  });
});

describe('MMBench', () => {
  const rotations = (id: string, letters: string, category: string): ReturnType<typeof question>[] =>
    Array.from(letters, (letter) =>
      question('mmbench', letter, {
        options: ['one', 'two', 'three'].slice(0, letters.length),
        group: { id, size: letters.length },
        tags: { category },
      }),
    );

  it('counts a question where all its rotations are right', () => {
    const [first, second, third] = [
      rotations('1', 'ACB', 'scene'),
      rotations('2', 'BA', 'scene'),
      rotations('3', 'AB', 'logic'),
    ];
    const { metrics, names } = scored(mmbench, [
      ['A', first[0]!],
      ['C', first[1]!],
      ['B.', first[2]!],
      ['B', second[0]!],
      ['B', second[1]!], // wrong: A is right
      ['A', third[0]!],
      ['B', third[1]!],
    ]);
    expect(names[0]).toBe('circular accuracy');
    expect(metrics['circular accuracy']).toBeCloseTo((100 * 2) / 3, 10);
    expect(metrics['single accuracy']).toBeCloseTo((100 * 6) / 7, 10);
    expect([metrics['scene'], metrics['logic']]).toEqual([50, 100]);
  });

  it('leaves out questions of which a part was asked', () => {
    const [whole, part] = [rotations('1', 'AB', 'scene'), rotations('2', 'BA', 'logic')];
    const { metrics } = scored(mmbench, [
      ['A', whole[0]!],
      ['no', whole[1]!],
      ['B', part[0]!],
    ]);
    expect(metrics).toEqual({ 'circular accuracy': 0, 'single accuracy': (100 * 2) / 3, scene: 0 });
  });
});

describe('ScienceQA', () => {
  it.each([
    ['B', 'B'],
    [' B\n', 'B'],
    ['B. milk', 'B'],
    ['B.milk', undefined],
    ['Because it flows. The answer is B.', 'B'],
    ['The answer is A. The answer is B.', undefined],
    ['The answer is E.', undefined],
    ['milk', undefined],
    ['D', undefined],
  ])('%j names %s of three options', (answer, letter) => {
    expect(scienceqaLetter(answer, 3)).toBe(letter);
  });

  it('is told overall, of pictures and by column', () => {
    const options = ['rock', 'milk'];
    const pictured = question('scienceqa', 'A', { options, tags: { subject: 'NAT', image: 'IMG', grade: 'G1-6' } });
    const texts = question('scienceqa', 'B', { options, tags: { subject: 'SOC', hint: 'TXT', grade: 'G7-12' } });
    const { metrics, names } = scored(scienceqa, [
      ['A', pictured],
      ['B. milk', pictured],
      ['B', texts],
      ['rock', texts],
      ['B', texts],
    ]);
    expect(names.slice(0, 2)).toEqual(['accuracy', 'IMG']);
    expect(metrics['accuracy']).toBeCloseTo(60, 10); // 3 of 5
    expect(metrics).toMatchObject({ IMG: 50, NAT: 50, 'G1-6': 50 });
    expect(metrics['SOC']).toBeCloseTo(200 / 3, 10);
    expect(metrics['TXT']).toBeCloseTo(200 / 3, 10);
  });
});

describe('SEED-Bench', () => {
  it('is told of pictures, videos and dimensions', () => {
    const options = ['one', 'two', 'three', 'four'];
    const of = (medium: string, dimension: string): ReturnType<typeof question> =>
      question('seed-bench', 'C', { options, tags: { medium, dimension } });
    const { metrics, names } = scored(seedBench, [
      ['C', of('image', 'Scene Understanding')],
      ['A', of('image', 'Scene Understanding')],
      ['three', of('image', 'Text Understanding')],
      ['D', of('video', 'Action Recognition')],
    ]);
    expect(names.slice(0, 3)).toEqual(['accuracy', 'image', 'video']);
    expect(metrics).toMatchObject({ accuracy: 50, video: 0, 'Scene Understanding': 50, 'Text Understanding': 100 });
    expect(metrics['image']).toBeCloseTo(200 / 3, 10);
  });
});
