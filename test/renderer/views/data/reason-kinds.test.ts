import { describe, expect, it } from 'vitest';
import {
  filterBroken,
  reasonKind,
  reasonKinds,
} from '../../../../src/renderer/src/views/data/validation/reason-kinds.ts';

const broken = [
  { index: 0, line: 1, id: 'a', reason: 'image: train/1.png does not exist in the images folder' },
  { index: 4, line: 5, id: 'b', reason: 'image: my cat.png does not exist in the images folder' },
  { index: 7, line: 8, reason: 'is not valid JSON, or cut off' },
];

describe('kinds of reasons', () => {
  it.each([
    ['image: train/1.png does not exist in the images folder', 'image: … does not exist in the images folder'],
    ['image: https://x.org/a.png is a URL; download the file', 'image: … is a URL; download the file'],
    ['conversations[3].value: the answer is empty', 'conversations[…].value: the answer is empty'],
    ['conversations: 0 <image> placeholders for 1 images', 'conversations: … <image> placeholders for … images'],
    ['id: is already that of the record on line 17', 'id: is already that of the record on line …'],
    ['id: must be a text or an integer (found {"a":1})', 'id: must be a text or an integer (found …)'],
    ['is not valid JSON, or cut off', 'is not valid JSON, or cut off'],
  ])('%s', (reason, kind) => {
    expect(reasonKind(reason)).toBe(kind);
  });

  it('are counted, the most frequent first', () => {
    expect(reasonKinds(broken)).toEqual([
      { kind: 'image: … does not exist in the images folder', count: 2 },
      { kind: 'is not valid JSON, or cut off', count: 1 },
    ]);
  });
});

describe('filterBroken', () => {
  it('keeps one kind, and what has the text in reason, id or line', () => {
    const lines = (kind: string | undefined, text: string) => filterBroken(broken, kind, text).map(({ line }) => line);
    expect(lines(undefined, '')).toEqual([1, 5, 8]);
    expect(lines('image: … does not exist in the images folder', '')).toEqual([1, 5]);
    expect(lines(undefined, 'CAT')).toEqual([5]);
    expect(lines(undefined, ' 8 ')).toEqual([8]);
    expect(lines('is not valid JSON, or cut off', 'cat')).toEqual([]);
  });
});
