import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TextStream } from '../../../../src/main/engine/data/text-stream.ts';
import { trainTokenizer } from '../../../../src/main/engine/data/tokenizer-training.ts';
import { Tokenizer } from '../../../../src/main/engine/data/tokenizer.ts';
import { hasReference, REFERENCE } from '../../../helpers/reference.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

interface Text {
  readonly text: string;
  readonly ids: number[];
  readonly decoded: string;
  readonly decoded_skip_special?: string;
}
type Case = { tokenization: { strings: Text[]; alt?: { strings: Text[] } } };

const folderOf = (name: string): string => join(REFERENCE, name, name.includes('alt') ? '' : 'model');

describe.skipIf(!hasReference).each(['clip-llama', 'siglip-qwen2'])('%s (needs ../shared/reference)', (name) => {
  const { tokenization } = hasReference
    ? (JSON.parse(readFileSync(join(REFERENCE, name, 'case.json'), 'utf8')) as Case)
    : { tokenization: { strings: [] } };

  it('encodes and decodes as Python does', () => {
    const tokenizer = Tokenizer.load(folderOf(name));
    expect(tokenization.strings.length).toBeGreaterThan(20);
    for (const { text, ids, decoded, decoded_skip_special: skipped } of tokenization.strings) {
      expect(tokenizer.encodeWithSpecialTokens(text)).toEqual(ids);
      expect(tokenizer.decode(ids, { keepSpecial: true })).toBe(decoded);
      expect(tokenizer.decode(ids)).toBe(skipped);
    }
  });

  it('encodes texts without special tokens the same piece by piece', () => {
    const tokenizer = Tokenizer.load(folderOf(name));
    const plain = tokenization.strings.filter(
      ({ ids }) => ids.filter((id) => tokenizer.isSpecial(id)).length <= tokenizer.prefix.length,
    );
    expect(plain.length).toBeGreaterThan(20);
    for (const { text, ids } of plain) expect([...tokenizer.prefix, ...tokenizer.encode(text)]).toEqual(ids);
  });

  it('streams the text that decoding the whole gives', () => {
    const tokenizer = Tokenizer.load(folderOf(name));
    for (const { ids, decoded_skip_special: decoded } of tokenization.strings) {
      const stream = new TextStream(tokenizer);
      const pieces = ids.map((id) => stream.push(id));
      expect(pieces.join('')).not.toContain('\ufffd');
      expect(pieces.join('') + stream.flush()).toBe(decoded);
    }
  });
});

describe.skipIf(!hasReference)('alternative space handling (needs ../shared/reference)', () => {
  it('puts a space before the first text only', () => {
    const { tokenization } = JSON.parse(readFileSync(join(REFERENCE, 'clip-llama/case.json'), 'utf8')) as Case;
    const json: unknown = JSON.parse(readFileSync(join(REFERENCE, 'clip-llama/alt_tokenizer/tokenizer.json'), 'utf8'));
    const tokenizer = Tokenizer.parse(json, {}, 'alt_tokenizer/tokenizer.json');
    for (const { text, ids, decoded } of tokenization.alt?.strings ?? []) {
      expect(tokenizer.encodeWithSpecialTokens(text)).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(decoded);
    }
    const behind = tokenizer.encodeWithSpecialTokens('<image>\nWhat is this?').slice(2);
    expect(tokenizer.encode('\nWhat is this?', 'after-special')).toEqual(behind);
    expect(tokenizer.encode('\nWhat is this?')).not.toEqual(behind);
  });
});

const trained = trainTokenizer(
  ['what colour is the cat? red. what is the shape? round.', 'the red cat, the round shape'],
  300,
);
const json = JSON.parse(trained['tokenizer.json']) as Record<string, unknown> & {
  added_tokens: Record<string, unknown>[];
  model: { vocab: Record<string, number>; merges: [string, string][] };
};
const config: unknown = JSON.parse(trained['tokenizer_config.json']);
const parse = (change: Record<string, unknown> = {}): Tokenizer =>
  Tokenizer.parse({ ...json, ...change }, config, 'm/tokenizer.json');
const model = (change: Record<string, unknown>): Record<string, unknown> => ({ model: { ...json.model, ...change } });

describe('Tokenizer', () => {
  const tokenizer = parse();

  it('knows its special tokens and what opens a row', () => {
    expect(tokenizer.special).toEqual({ image: 3, endOfText: 1, padding: 2 });
    expect(tokenizer.prefix).toEqual([0]);
    expect(tokenizer.size).toBe(Object.keys(json.model.vocab).length);
    expect(tokenizer.encodeWithSpecialTokens('<image>red</s>')).toEqual([0, 3, ...tokenizer.encode('red'), 1]);
  });

  it.each(['<image>', '</s><s>', 'a <image> b', '<pad>'])('spells %j out where it is text', (text) => {
    const ids = tokenizer.encode(text);
    expect(ids.every((id) => !tokenizer.isSpecial(id))).toBe(true);
    expect(tokenizer.decode(ids)).toBe(text);
    expect(tokenizer.encode(text, 'after-special')).toEqual(ids);
  });

  it('refuses text with the characters it needs itself', () => {
    expect(() => tokenizer.encode('a\ufdd0special\ufdd1b')).toThrow('reserved');
  });

  it('gives nothing for ids that are no token', () => {
    const ids = [...tokenizer.encode('the cat'), 100_000, 1];
    expect(tokenizer.decode(ids)).toBe('the cat');
    expect(tokenizer.decode(ids, { keepSpecial: true })).toBe('the cat</s>');
    expect(tokenizer.decode([])).toBe('');
  });

  it('loads from a folder, and names missing and cut-off files', () => {
    const folder = temporaryFolder();
    expect(() => Tokenizer.load(folder)).toThrow(/tokenizer\.json: is missing from the model folder/);
    writeFileSync(join(folder, 'tokenizer.json'), trained['tokenizer.json'].slice(0, -30));
    expect(() => Tokenizer.load(folder)).toThrow(/tokenizer\.json: must be JSON/);
    writeFileSync(join(folder, 'tokenizer.json'), trained['tokenizer.json']);
    expect(Tokenizer.load(folder).encode('the cat')).toEqual(tokenizer.encode('the cat'));
  });

  it('must fit the vocabulary of the model', () => {
    const { size } = tokenizer;
    const check = (vocabSize: number, imageTokenId = 3): void =>
      tokenizer.checkModel({ vocabSize, imageTokenId }, 'm/config.json');
    expect(() => check(size)).not.toThrow();
    expect(() => check(size + 8)).not.toThrow();
    expect(() => check(size, 4)).toThrow(
      "m/config.json: added_tokens: gives <image> another id than the model's image_token_index 4 (found 3)",
    );
    expect(() => check(size - 1)).toThrow(
      `m/config.json: model.vocab: has ${tokenizer.size} token ids, but the model's vocabulary has ${tokenizer.size - 1}`,
    );
  });

  const { vocab, merges } = json.model;
  const without = (token: string): Record<string, number> =>
    Object.fromEntries(Object.entries(vocab).filter(([key]) => key !== token));
  const last = merges.at(-1)?.join('') ?? '';
  const [pad, image] = [json.added_tokens[2], json.added_tokens[3]] as [
    Record<string, unknown>,
    Record<string, unknown>,
  ];
  it.each<[string, Record<string, unknown>, string]>([
    ['no model', { model: undefined }, 'model: is missing'],
    ['another model', model({ type: 'Unigram' }), 'model.type: must be BPE'],
    ['no merges', model({ merges: undefined }), 'model.merges: is missing'],
    ['empty merges', model({ merges: [] }), 'model.merges: is empty, though the vocabulary has'],
    ['a merge of three', model({ merges: ['a b c'] }), 'model.merges[0]: must be two tokens'],
    [
      'a merge of strangers',
      model({ merges: [['x', 'qq']] }),
      'model.merges[0]: this token is missing from model.vocab (found "qq")',
    ],
    ['a merge without its result', model({ vocab: without(last) }), 'this token is missing from model.vocab'],
    [
      'a gap',
      model({ vocab: { ...without('!'), '@@': (vocab['!'] as number) + 5000 } }),
      `model.vocab: no token has this id`,
    ],
    ['two tokens for an id', model({ vocab: { ...vocab, '@@': 77 } }), 'model.vocab: two tokens share this id'],
    ['a negative id', model({ vocab: { ...vocab, '@@': -1 } }), 'model.vocab.@@: must be 0 or more'],
    ['no image token', { added_tokens: json.added_tokens.slice(0, 3) }, 'added_tokens: must hold the image token'],
    [
      'an image token that is text',
      { added_tokens: [...json.added_tokens.slice(0, 3), { ...image, special: false }] },
      'must hold the image token',
    ],
    ['no end token', { added_tokens: [json.added_tokens[0], pad, image] }, 'must hold the end token'],
  ])('refuses %s', (_, change, rule) => {
    expect(() => parse(change)).toThrow(/^m\/tokenizer\.json: /);
    expect(() => parse(change)).toThrow(rule);
  });

  it('takes merges written as text', () => {
    const text = parse(model({ merges: merges.map((merge) => merge.join(' ')) }));
    expect(text.encode('the red cat')).toEqual(tokenizer.encode('the red cat'));
  });
});

describe('TextStream', () => {
  const tokenizer = parse();

  it('holds parts of a character back until it is whole', () => {
    const stream = new TextStream(tokenizer);
    const ids = tokenizer.encode('é😀!');
    expect(ids.map((id) => stream.push(id))).toEqual(['', 'é', '', '', '', '😀', '!']);
    expect(stream.flush()).toBe('');
  });

  it('gives up on a broken character when text follows, and at the end', () => {
    const stream = new TextStream(tokenizer);
    const [first, , , last] = tokenizer.encode('😀') as [number, number, number, number];
    const pieces = [first, ...tokenizer.encode('cat'), last].map((id) => stream.push(id));
    expect(pieces.join('')).toBe('\ufffdcat');
    expect(stream.flush()).toBe('\ufffd');
    expect(stream.flush()).toBe('');
  });

  it('is silent for special tokens and ids beyond the vocabulary', () => {
    const stream = new TextStream(tokenizer);
    expect([1, 3, 90_000].map((id) => stream.push(id))).toEqual(['', '', '']);
  });
});
