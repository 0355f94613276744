import { describe, expect, it } from 'vitest';
import { normaliseTextvqa, textvqa } from '../../../../../src/main/engine/evaluate/scorers/textvqa.ts';
import { vizwiz } from '../../../../../src/main/engine/evaluate/scorers/vizwiz.ts';
import { leaveOneOutAccuracy, vqav2 } from '../../../../../src/main/engine/evaluate/scorers/vqa.ts';
import { normaliseVqa } from '../../../../../src/main/engine/evaluate/scorers/vqa-normalise.ts';
import { CONTRACTIONS } from '../../../../../src/main/engine/evaluate/scorers/contractions.ts';
import { question, scored } from '../../../../helpers/scoring.ts';

describe('the accuracy of a VQA answer', () => {
  // Of ten people m gave the answer: [m · min((m − 1)/3, 1) + (10 − m) · min(m/3, 1)] / 10.
  it.each([
    [0, 0],
    [1, 0.3], // [1 · 0 + 9 · 1/3] / 10
    [2, 0.6], // [2 · 1/3 + 8 · 2/3] / 10
    [3, 0.9], // [3 · 2/3 + 7 · 1] / 10
    [4, 1], // [4 · 1 + 6 · 1] / 10
    [10, 1],
  ])('is averaged over all sets of nine: %i of ten people', (people, accuracy) => {
    const answers = new Map(
      [['red', people] as const, ['blue', 10 - people] as const].filter(([, count]) => count > 0),
    );
    expect(leaveOneOutAccuracy('red', answers)).toBeCloseTo(accuracy, 12);
  });
});

describe('a VQA answer made comparable', () => {
  it.each([
    ['Two dogs.', '2 dogs'],
    ['none', '0'],
    ['ten', '10'],
    ['eleven', 'eleven'],
    ['the red  car', 'red car'],
    ['An apple a day', 'apple day'],
    ['dont', "don't"],
    ['couldntve', 'couldntve'],
    ["couldnt've", "couldn't've"],
    ["couldn'tve", "couldn't've"],
    ['its', 'its'],
    ['black-and-white', 'black and white'],
    ['black -white', 'black white'],
    ['black - white', 'black white'],
    // A comma in a number has every sign taken out, none become spaces.
    ['1,000-2', '10002'],
    ['yes, sir', 'yes sir'],
    ['yes,sir', 'yes sir'],
    ['3.5', '3.5'],
    ['3.', '3'],
    ['U.S.', 'us'],
    ['a\tb\nc', 'b c'],
    ['what?!', 'what'],
    ["dog's", "dog's"],
    ['"stop"', 'stop'],
  ])('%j is %j', (answer, comparable) => {
    expect(normaliseVqa(answer)).toBe(comparable);
  });

  it('takes out 32 full stops and no more', () => {
    expect(normaliseVqa('a.'.repeat(40))).toBe(`${'a'.repeat(32)}${'a.'.repeat(8)}`);
  });

  it('knows the contractions of the published table that lower case leaves', () => {
    expect(CONTRACTIONS.size).toBe(114);
    expect(CONTRACTIONS.get("somebody'd")).toBe('somebodyd');
    expect(CONTRACTIONS.has('were')).toBe(false);
  });
});

describe('VQAv2', () => {
  const bus = question('vqav2', 'red', {
    answers: { red: 6, 'dark red': 2, Red: 1, blue: 1 },
    tags: { answer: 'other' },
  });
  const wheels = question('vqav2', '4', { answers: { '4': 7, four: 1, '2': 2 }, tags: { answer: 'number' } });
  const same = question('vqav2', 'yes', { answers: { yes: 10 }, tags: { answer: 'yes/no' } });

  it('averages over questions, overall and by kind of answer', () => {
    const answers = [
      ['The red.', bus], // red: 6 + 1 people: 1
      ['dark red', bus], // 2 people: 0.6
      ['blue', bus], // 1 person: 0.3
      ['two', wheels], // '2': 2 people: 0.6
      ['yes', same],
    ] as const;
    const { credits, metrics, names } = scored(vqav2, answers);
    [1, 0.6, 0.3, 0.6, 1].forEach((credit, i) => expect(credits[i]).toBeCloseTo(credit, 12));
    expect(names[0]).toBe('VQA accuracy');
    expect(metrics['VQA accuracy']).toBeCloseTo(70, 10); // (1 + 0.6 + 0.3 + 0.6 + 1) / 5
    expect(metrics['other']).toBeCloseTo(190 / 3, 10);
    expect(metrics['number']).toBeCloseTo(60, 10);
  });

  it('makes the model’s answer comparable also where all people say the same, as the official tools do', () => {
    for (const answer of ['Yes', 'yes.', ' yes\n', 'The yes']) {
      expect(scored(vqav2, [[answer, same]]).credits).toEqual([1]);
    }
    expect(scored(vqav2, [['yes it is', same]]).credits).toEqual([0]);
  });

  it('takes punctuation alone out of people’s answers, and only where they differ', () => {
    const agreed = question('vqav2', 'a-b', { answers: { 'a-b': 10 }, tags: { answer: 'other' } });
    expect(scored(vqav2, [['a-b', agreed]]).credits).toEqual([0]);
    // 'four' of people stays a word, 't-shirt' becomes 't shirt': 3 people, of whom each in turn is left out: 0.9.
    const mixed = question('vqav2', '4', { answers: { '4': 4, four: 3, 't-shirt': 3 }, tags: { answer: 'other' } });
    expect(scored(vqav2, [['four', mixed]]).credits).toEqual([1]);
    expect(scored(vqav2, [['t-shirt', mixed]]).credits[0]).toBeCloseTo(0.9, 12);
  });
});

describe('VizWiz', () => {
  it('takes unanswerable for an answer like others', () => {
    const blurry = question('vizwiz', 'unanswerable', {
      answers: { unanswerable: 7, blurry: 2, 'soup can': 1 },
      tags: { answer: 'unanswerable' },
    });
    const { credits, metrics } = scored(vizwiz, [
      ['Unanswerable', blurry],
      ['soup can', blurry],
    ]);
    expect(credits[0]).toBe(1);
    expect(credits[1]).toBeCloseTo(0.3, 12);
    expect(metrics['unanswerable']).toBeCloseTo(65, 10);
  });
});

describe('TextVQA', () => {
  it.each([
    ["Joe's, bar?", "joe 's bar"],
    ['1,000', '1000'],
    ['The Acme Co.', 'acme co'],
    ['Coca-Cola', 'coca cola'],
  ])('%j is %j', (answer, comparable) => {
    expect(normaliseTextvqa(answer)).toBe(comparable);
  });

  it('makes answers comparable even where all people say the same', () => {
    const brand = question('textvqa', 'acme', { answers: { acme: 10 } });
    const split = question('textvqa', 'acme', { answers: { acme: 7, 'Acme Co.': 2, 'acme co': 1 } });
    const { credits, metrics } = scored(textvqa, [
      ['ACME.', brand],
      ['acme co', split], // 3 people: 0.9
    ]);
    expect(credits[0]).toBe(1);
    expect(credits[1]).toBeCloseTo(0.9, 12);
    expect(metrics['VQA accuracy']).toBeCloseTo(95, 10);
  });
});
