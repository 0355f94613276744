import { expect, test } from 'vitest';
import { frameRow, median, medianInterval, sectionMarkdown, shown } from '../../bench/studio/section.ts';

test('the median of an even number of values lies between the middle two, whatever their order', () => {
  expect(median([9, 1, 4])).toBe(4);
  expect(median([10, 1, 2, 4])).toBe(3);
});

test('the interval of a median lies between the values of binomial ranks, or holds all where they are few', () => {
  // 100 values: 50 − 1.96 · 10 / 2 = 40.2, so the values at places 40 and 99 − 40, from 0.
  const values = Array.from({ length: 100 }, (_, i) => (37 * i) % 100);
  expect(medianInterval(values)).toEqual([40, 59]);
  expect(medianInterval([3, 1, 2])).toEqual([1, 3]);
});

test('a section becomes a Markdown table whose numbers stand at the right', () => {
  const table = [
    ['workspace', 'MB'],
    ['empty', '80'],
  ];
  expect(sectionMarkdown({ title: 'Memory', text: 'At rest.', table }).split('\n')).toEqual([
    ...['## Memory', '', 'At rest.', ''],
    ...['| workspace | MB |', '| --- | ---: |', '| empty | 80 |', ''],
  ]);
});

test('frame times are shown with one decimal, counts with none', () => {
  const times = { frames: 1200, median: 16.66, p95: 17, p99: 20, longest: 51.25, slow: 1 };
  expect(frameRow('wheel', times)).toEqual(['wheel', '1,200', '16.7', '17.0', '51.3', '1']);
  expect(shown(1_000_000)).toBe('1,000,000');
});
