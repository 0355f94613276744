import { describe, expect, it } from 'vitest';
import { rangeQuerySchema, samplesQuerySchema } from '../../../../src/shared/api/datasets.ts';
import { barsOf, filledBars } from '../../../../src/renderer/src/views/data/filters/bar-ranges.ts';
import {
  activeFilters,
  filtersFromAddress,
  filtersToAddress,
  filtersToQuery,
  isUnfiltered,
  NO_FILTERS,
  RANGE,
  type SampleFilters,
} from '../../../../src/renderer/src/views/data/filters/sample-filters.ts';

const some: SampleFilters = {
  text: 'red circle',
  answer: 'ye',
  answerIs: 'yes',
  modality: 'text',
  broken: 'only',
  turns: '2-5',
  answerLength: '3',
  media: '1-',
  imageWidth: '64',
  imageHeight: '64-128',
};

describe('filters', () => {
  it('survive the address of the page', () => {
    expect(filtersFromAddress(filtersToAddress(some))).toEqual(some);
    expect(filtersToAddress(NO_FILTERS)).toEqual({});
    expect(filtersFromAddress({})).toEqual(NO_FILTERS);
  });

  it('of a foreign address are left out one by one', () => {
    const address = { text: 'cat', turns: 'many', modality: 'sound', broken: ['only'], other: '1' };
    expect(filtersFromAddress(address)).toEqual({ ...NO_FILTERS, text: 'cat' });
  });

  it('are what the API takes', () => {
    const query = samplesQuerySchema.parse(filtersToQuery(some));
    expect(query).toMatchObject({
      text: 'red circle',
      answerIs: 'yes',
      turns: [2, 5],
      answerLength: [3, 3],
      media: [1, Infinity],
      hasImage: false,
      hasVideo: false,
      broken: true,
    });
    expect(filtersToQuery(NO_FILTERS)).toEqual({});
    expect(filtersToQuery({ ...NO_FILTERS, broken: 'none', modality: 'video' })).toEqual({
      broken: 'false',
      hasVideo: 'true',
    });
  });

  it('know the ranges that the API knows', () => {
    for (const typed of ['3', '2-5', '4-', '-4', 'x', '1-2-3', '1.5', ''])
      expect(RANGE.test(typed)).toBe(rangeQuerySchema.safeParse(typed).success);
  });

  it('are told in words', () => {
    expect(activeFilters(some).map(({ label }) => label)).toEqual([
      'contains “red circle”',
      'answer contains “ye”',
      'answer is “yes”',
      'text only',
      'broken',
      '2 to 5 turns',
      'answer of 3 characters',
      '1 or more images or frames',
      'image width 64 px',
      'image height 64 to 128 px',
    ]);
    expect(isUnfiltered(NO_FILTERS)).toBe(true);
    expect(isUnfiltered({ ...NO_FILTERS, turns: '1' })).toBe(false);
    expect(activeFilters({ ...NO_FILTERS, turns: '1' })[0]?.label).toBe('1 turn');
  });
});

describe('bars', () => {
  it('filter by what they show', () => {
    expect(barsOf({ edges: [1, 2, 3, 5, 9], counts: [4, 0, 2, 1] })).toEqual([
      { label: '1', count: 4, range: '1' },
      { label: '2', count: 0, range: '2' },
      { label: '3–4', count: 2, range: '3-4' },
      { label: '5–8', count: 1, range: '5-8' },
    ]);
  });

  it('with broken edges take whole numbers only', () => {
    expect(barsOf({ edges: [0, 2.5, 5], counts: [1, 1] }).map(({ range }) => range)).toEqual(['0-2', '3-4']);
  });

  it('of one value are one bar', () => {
    expect(barsOf({ edges: [64, 65], counts: [7] })).toEqual([{ label: '64', count: 7, range: '64' }]);
    expect(filledBars({ edges: [0, 1, 2, 4], counts: [0, 3, 0] })).toEqual([{ label: '1', count: 3, range: '1' }]);
  });
});
