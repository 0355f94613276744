import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readDataset, type Sample, type Samples } from '../../../../src/main/engine/data/dataset-reader.ts';
import {
  conversationParts,
  encodeSample,
  type EncodeOptions,
  openingTokens,
  promptMessages,
} from '../../../../src/main/engine/data/encode.ts';
import type { Turn } from '../../../../src/shared/dataset.ts';
import { ChatTemplate } from '../../../../src/main/engine/data/chat-template.ts';
import { builtInConversation } from '../../../../src/main/engine/data/conversation-choice.ts';
import { Tokenizer } from '../../../../src/main/engine/data/tokenizer.ts';
import { trainingRows } from '../../../../src/main/engine/data/training-rows.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { tinyTokenizer } from '../../../helpers/tiny-tokenizer.ts';
import { vicunaTemplate } from '../../../helpers/tiny-template.ts';

const template = vicunaTemplate();
const { tokenizer } = template;
const options: EncodeOptions = { template, visualTokens: 4, maxLength: 2048, turns: 'multi' };
const sample: Sample = {
  id: 's',
  modality: 'image',
  system: 'Hi.',
  turns: [
    { question: 'What?', media: 1, answer: 'a cat' },
    { question: 'And this?', media: 2, answer: 'red' },
    { question: 'Why?', media: 0, answer: 'no' },
  ],
  images: ['/a', '/b', '/c'],
};
const textOf = (one: Sample, change: Partial<EncodeOptions> = {}): string =>
  tokenizer.decode(encodeSample(one, { ...options, visualTokens: 1, ...change }).row.tokenIds, { keepSpecial: true });

describe('openingTokens', () => {
  const openingOf = (one: Sample): string => {
    const { row } = encodeSample(one, options);
    return tokenizer.decode(row.tokenIds.subarray(0, openingTokens(one, options)), { keepSpecial: true }).trimEnd();
  };
  const [first] = sample.turns as [Turn];

  it('are what stands before the first picture', () => {
    expect(openingOf(sample)).toBe('<s>Hi. USER:');
  });

  it('are what stands before the first word where it comes earlier', () => {
    expect(openingOf({ ...sample, turns: [{ ...first, media: 0 }], images: [] })).toBe('<s>Hi. USER:');
    expect(openingOf({ ...sample, system: undefined, turns: [{ ...first, media: 0 }], images: [] })).toMatch(
      /^<s>.*USER:$/,
    );
  });
});

describe('encodeSample', () => {
  it('writes the whole conversation', () => {
    expect(textOf(sample)).toBe(
      '<s>Hi. USER: <image>\nWhat? ASSISTANT: a cat</s>USER: <image>\n<image>\nAnd this? ASSISTANT: red</s>USER: Why? ASSISTANT: no</s>',
    );
    const { row, images, droppedTurns } = encodeSample(sample, options);
    expect([row.id, images, droppedTurns, row.groups.length]).toEqual(['s', ['/a', '/b', '/c'], 0, 3]);
  });

  it('drops whole turns from the end, with their images, at any limit', () => {
    const lengths = [1, 2, 3].map(
      (kept) => encodeSample({ ...sample, turns: sample.turns.slice(0, kept) }, options).row.tokenIds.length,
    );
    const [one, two, three] = lengths as [number, number, number];
    for (let maxLength = one; maxLength <= three; maxLength++) {
      const { row, images, droppedTurns } = encodeSample(sample, { ...options, maxLength });
      const kept = maxLength < two ? 1 : maxLength < three ? 2 : 3;
      expect([row.tokenIds.length, images.length, droppedTurns]).toEqual([
        lengths[kept - 1],
        kept === 1 ? 1 : 3,
        3 - kept,
      ]);
      expect(row.groups.length).toBe(images.length);
      for (const { start, length } of row.groups)
        expect(new Set(row.tokenIds.subarray(start, start + length))).toEqual(new Set([3]));
      expect(row.tokenIds.at(-1)).toBe(tokenizer.special.endOfText);
    }
    expect(() => encodeSample(sample, { ...options, maxLength: one - 1 })).toThrow(
      `sample s: the first turn takes ${one} tokens (4 of them visual), more than maxLength ${one - 1}`,
    );
  });

  it('asks single questions with the pictures shown so far', () => {
    const singles = conversationParts(sample, 'single');
    expect(singles.map(({ id, images }) => [id, images.length])).toEqual([
      ['s#0', 1],
      ['s#1', 3],
      ['s#2', 3],
    ]);
    expect(textOf(singles[2] as Sample)).toBe('<s>Hi. USER: <image>\n<image>\n<image>\nWhy? ASSISTANT: no</s>');
    expect(promptMessages(singles[1] as Sample)).toEqual([
      { role: 'system', text: 'Hi.' },
      { role: 'user', visuals: 3, text: 'And this?' },
    ]);
  });
});

function dataset(records: unknown[]): Samples {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'images'));
  writeFileSync(join(folder, 'images/a.png'), 'x');
  const file = join(folder, 'train.jsonl');
  writeFileSync(file, records.map((record) => JSON.stringify(record)).join('\n'));
  const { samples, broken } = readDataset(file, { repeatedIds: true });
  onTestFinished(() => samples.close());
  expect(broken.length).toBe(records.filter((record) => record === null).length);
  return samples;
}

const record = (id: string, image: boolean, ...questions: string[]): unknown => ({
  id,
  ...(image ? { image: 'a.png' } : {}),
  conversations: questions.flatMap((question, i) => [
    { from: 'human', value: image && i === 0 ? `<image>\n${question}` : question },
    { from: 'gpt', value: 'red' },
  ]),
});

describe('trainingRows', () => {
  it('makes a row per sample, or per question', () => {
    const samples = dataset([record('a', true, 'What?', 'Why?'), record('b', false, 'Hi')]);
    const multi = trainingRows(samples, options);
    expect([multi.rows.length, [...multi.rows.modalities], multi.tooLong, multi.mismatched]).toEqual([
      2,
      [1, 0],
      [],
      [],
    ]);
    expect(multi.rows.encode(0).row.groups.length).toBe(1);
    const single = trainingRows(samples, { ...options, turns: 'single' });
    expect([single.rows.length, [...single.rows.modalities]]).toEqual([3, [1, 1, 0]]);
    expect([0, 1, 2].map((i) => single.rows.encode(i).row.id)).toEqual(['a#0', 'a#1', 'b#0']);
    expect(single.rows.encode(1).images.length).toBe(1);
    expect(() => multi.rows.encode(2)).toThrow(RangeError);
  });

  it('cuts a conversation into rows of at most so many turns, each with the picture', () => {
    const long = record('a', true, 'One?', 'Two?', 'Three?', 'Four?', 'Five?');
    const { rows } = trainingRows(dataset([long]), { ...options, turns: 2 });
    const all = Array.from({ length: rows.length }, (_, i) => rows.encode(i));
    expect(all.map(({ row }) => row.id)).toEqual(['a#0', 'a#1', 'a#2']);
    expect(all.map(({ row }) => row.groups.length)).toEqual([1, 1, 1]);
    const supervised = all.map(({ row }) => row.labels.filter((label) => label === tokenizer.special.endOfText));
    expect(supervised.map(({ length }) => length)).toEqual([2, 2, 1]);
  });

  it('estimates lengths for grouping', () => {
    const { rows } = trainingRows(
      dataset([record('a', true, 'What?'), record('b', false, 'x'.repeat(400)), record('c', false, 'x')]),
      options,
    );
    expect([...rows.lengths]).toEqual([4 + 2, 101, 1]);
  });

  it('uses the samples of a split only', () => {
    const { rows } = trainingRows(
      dataset(['a', 'b', 'c'].map((id) => record(id, false, 'Hi'))),
      options,
      Int32Array.of(0, 2),
    );
    expect([rows.length, rows.encode(1).row.id]).toEqual([2, 'c']);
  });

  it('tells before the run which samples cannot fit', () => {
    const long = 'one two three '.repeat(30);
    const records = [record('a', true, 'What?', long), null, record('b', true, long), record('c', false, 'Hi', long)];
    const samples = dataset(records);
    const multi = trainingRows(samples, { ...options, maxLength: 60 });
    expect(multi.tooLong).toEqual([
      {
        index: 2,
        id: 'b',
        line: 3,
        reason: expect.stringMatching(
          /^the first turn takes \d+ tokens \(4 of them visual\), more than maxLength 60$/,
        ) as string,
      },
    ]);
    expect([multi.rows.length, multi.rows.encode(0).droppedTurns]).toEqual([2, 1]);
    expect(Math.max(...multi.rows.lengths)).toBe(60);
    const single = trainingRows(samples, { ...options, maxLength: 60, turns: 'single' });
    expect([single.rows.length, single.tooLong.map(({ id }) => id)]).toEqual([0, ['a', 'b', 'c']]);
  });

  it('tells before the run which samples have more image tokens than images, by the name the tokenizer has for them', () => {
    const json = tinyTokenizer.json(['USER: What? ASSISTANT: red'], 300);
    const added = (json['added_tokens'] as { content: string }[]).map((token) =>
      token.content === '<image>' ? { ...token, content: '[IMG]' } : token,
    );
    const { '<image>': id, ...vocab } = json.model.vocab;
    const model = { ...json.model, vocab: { ...vocab, '[IMG]': id } };
    const other = Tokenizer.parse({ ...json, model, added_tokens: added }, { image_token: '[IMG]' }, 'other');
    const records = [record('a', true, 'What?'), record('b', true, 'Is [IMG] here?'), record('c', false, '[IMG]')];
    const { rows, mismatched } = trainingRows(dataset(records), {
      ...options,
      template: builtInConversation('v1', other),
    });
    expect(rows.length).toBe(1);
    expect(mismatched).toEqual([
      { index: 1, id: 'b', line: 2, reason: 'conversations: 2 [IMG] in the texts for 1 images' },
      { index: 2, id: 'c', line: 3, reason: 'conversations: 1 [IMG] in the texts for 0 images' },
    ]);
  });

  it('tells which samples a template cannot write', () => {
    const source =
      "{% for message in messages %}{% if message['role'] == 'system' %}{{ raise_exception('No system prompts') }}{% endif %}{{ message['content'] }}</s>{% endfor %}";
    const refusing = new ChatTemplate(source, tokenizer, { file: 'chat_template.jinja' });
    const { conversations, ...rest } = record('b', false, 'Hi') as { conversations: object[] };
    const withSystem = { ...rest, conversations: [{ from: 'system', value: 'Be kind.' }, ...conversations] };
    const samples = dataset([record('a', true, 'What?'), withSystem]);
    const { rows, mismatched } = trainingRows(samples, { ...options, template: refusing });
    expect(rows.length).toBe(1);
    expect(mismatched.map(({ id, reason }) => [id, reason.includes('No system prompts')])).toEqual([['b', true]]);
  });
});
