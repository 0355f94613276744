import { expect, test } from 'vitest';
import { frameRow, median, sectionMarkdown, shown } from '../../bench/studio/section.ts';

test('the median of an even number of values lies between the middle two, whatever their order', () => {
  expect(median([9, 1, 4])).toBe(4);
  expect(median([10, 1, 2, 4])).toBe(3);
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
