/** Arguments that several commands read alike: whole numbers, and grids `--grid K=… S=… [C=…]`. */
import { InputError } from '../../shared/errors.ts';

/** A whole number of at least 1. @throws InputError */
export function wholeNumber(field: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InputError({ field, value: text, rule: 'must be a whole number of 1 or more' });
}

function numberList(field: string, text: string): number[] {
  return text.split(',').map((item) => {
    if (/^-?\d{1,6}$/.test(item)) return Number(item);
    throw new InputError({ field, value: text, rule: 'must be whole numbers with commas, e.g. K=1,3,6' });
  });
}

/** Layers, strides and compressors of `K=1,3,6 S=2,4` or `K=1,3,6 S=2,4 C=random,k-means`. @throws InputError */
export function readGrid(text: string): { layers: number[]; strides: number[]; compressors: string[] } {
  const [, layers, strides, compressors] = /^K=(\S+)\s+S=(\S+)(?:\s+C=(\S+))?$/.exec(text.trim()) ?? [];
  if (layers === undefined || strides === undefined) {
    throw new InputError({
      field: '--grid',
      value: text,
      rule: 'must be layers, strides and, if you like, compressors, e.g. K=1,3,6 S=2,4,8 C=random,k-means',
    });
  }
  return {
    layers: numberList('--grid', layers),
    strides: numberList('--grid', strides),
    compressors: compressors?.split(',') ?? ['average-pool'],
  };
}

/** A shell makes several arguments of a grid that is not in quotes: puts them together again. */
export function gatherGrid(
  grid: string | undefined,
  positionals: readonly string[],
): { grid: string | undefined; rest: string[] } {
  if (grid === undefined) return { grid, rest: [...positionals] };
  const isOfGrid = (text: string): boolean => /^[SC]=/.test(text);
  return {
    grid: [grid, ...positionals.filter(isOfGrid)].join(' '),
    rest: positionals.filter((text) => !isOfGrid(text)),
  };
}
