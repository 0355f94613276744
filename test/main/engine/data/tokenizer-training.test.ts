import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SMALLEST_VOCABULARY, trainTokenizer } from '../../../../src/main/engine/data/tokenizer-training.ts';
import { Tokenizer } from '../../../../src/main/engine/data/tokenizer.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const texts = [
  'USER: <image>\nWhat colour is the circle? ASSISTANT: The circle is red.',
  "What shape is in the image? It's a circle. Isn't it 12 or 123?",
  'Does the image contain a red circle?  Yes, it does. naïve café 你好 😀😀',
];
const files = trainTokenizer(texts, 340);
const tokenizer = Tokenizer.parse(
  JSON.parse(files['tokenizer.json']),
  JSON.parse(files['tokenizer_config.json']),
  'trained',
);

describe('trainTokenizer', () => {
  it('merges the most frequent pairs first', () => {
    const files = trainTokenizer(['cd\ncd\nab\nab\nab\nabe\nabe\nabe'], 262);
    const { model } = JSON.parse(files['tokenizer.json']) as { model: { merges: string[][] } };
    expect(model.merges).toEqual([
      ['a', 'b'],
      ['ab', 'e'],
    ]);
  });

  it('takes the smaller ids among equals', () => {
    const { model } = JSON.parse(trainTokenizer(['xy\nxy\nab\nab'], 261)['tokenizer.json']) as {
      model: { merges: string[][] };
    };
    expect(model.merges).toEqual([['a', 'b']]);
  });

  it('gives the same files for the same texts in any order', () => {
    expect(trainTokenizer([...texts].reverse(), 340)).toEqual(files);
  });

  it('stops where nothing occurs twice, and never exceeds the size', () => {
    const size = (texts: string[], limit: number): number =>
      Tokenizer.parse(JSON.parse(trainTokenizer(texts, limit)['tokenizer.json']), {}, 't').size;
    expect(size(['abc'], 1000)).toBe(SMALLEST_VOCABULARY);
    expect(size([], SMALLEST_VOCABULARY)).toBe(SMALLEST_VOCABULARY);
    expect(size(texts, 280)).toBe(280);
  });

  it('uses one token for spellings that meet', () => {
    const words = ['abc', 'abc', 'abx', 'abx', 'abx', 'bc', 'bc', 'bc', 'bc', 'ybc', 'ybc', 'abc'];
    const { model } = JSON.parse(trainTokenizer([words.join('\n')], 400)['tokenizer.json']) as {
      model: { vocab: Record<string, number>; merges: string[][] };
    };
    const ids = Object.values(model.vocab).sort((a, b) => a - b);
    expect(ids).toEqual(ids.map((_, i) => i));
    expect(model.merges.length).toBeGreaterThan(3);
  });

  it('refuses sizes that cannot hold every byte', () => {
    for (const size of [0, SMALLEST_VOCABULARY - 1, 300.5, NaN])
      expect(() => trainTokenizer(texts, size)).toThrow('vocabSize');
  });

  it('spells every text and gives it back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('makes words of the texts short', () => {
    expect(tokenizer.encode('circle circle').length).toBeLessThanOrEqual(4);
  });
});

const SCRIPT = `
import json, sys
from tokenizers import Tokenizer
tokenizer = Tokenizer.from_file(sys.argv[1])
texts = json.load(open(sys.argv[2]))
print(json.dumps([tokenizer.encode(text).ids for text in texts]))
`;

function pythonWithTokenizers(): string | undefined {
  return [process.env['LLAVOLTA_PYTHON'], 'python3', 'python'].filter(Boolean).find((python) => {
    try {
      execFileSync(python as string, ['-c', 'import tokenizers'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}
const python = pythonWithTokenizers();

describe.skipIf(!python)('in Python (needs its tokenizers package; name another Python in LLAVOLTA_PYTHON)', () => {
  it('loads and gives the same ids', () => {
    const samples = fc.sample(fc.string({ unit: 'grapheme', maxLength: 40 }), { seed: 2, numRuns: 200 });
    const all = ['', ' ', '<image>\nWhat?</s>', '  spaces \n\n\t', ...texts, ...samples];
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'tokenizer.json'), files['tokenizer.json']);
    writeFileSync(join(folder, 'texts.json'), JSON.stringify(all));
    const output = execFileSync(python as string, [
      '-c',
      SCRIPT,
      join(folder, 'tokenizer.json'),
      join(folder, 'texts.json'),
    ]);
    expect(all.map((text) => tokenizer.encodeWithSpecialTokens(text))).toEqual(JSON.parse(output.toString()));
  });
});
