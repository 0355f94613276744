/** What the form of a study begins with and what it accepts. Pure. */
import { scaleLayer } from '../../../../../shared/compression.ts';
import { PAPER_DEPTH, PAPER_LAYERS } from '../../../../../shared/paper-redundancy.ts';

/** Strides that are offered first. */
const STRIDES = [2, 4, 8, 16] as const;

export interface GridNumbers {
  readonly layers: number[];
  readonly strides: number[];
}

/**
 * The paper's layers at the same depth of another decoder, and strides that leave a token of an image.
 *
 * @param depth decoder layers
 * @param visualTokens of an image
 */
export function suggestedGrid(depth: number, visualTokens: number): GridNumbers {
  const layers = PAPER_LAYERS.map((layer) => scaleLayer(layer, PAPER_DEPTH, depth));
  return {
    layers: [...new Set(layers)].filter((layer) => layer < depth),
    strides: STRIDES.filter((stride) => stride <= visualTokens),
  };
}

export type NumbersReading = { readonly value: number[] } | { readonly error: string };

/** Whole numbers with commas or spaces between them, each once and ascending. */
export function readNumbers(text: string, least: number): NumbersReading {
  const parts = text.split(/[\s,]+/).filter(Boolean);
  if (parts.length === 0) return { error: 'must be given' };
  if (parts.some((part) => !/^-?\d{1,6}$/.test(part))) return { error: 'must be whole numbers with commas' };
  const values = [...new Set(parts.map(Number))].sort((a, b) => a - b);
  return values.some((value) => value < least) ? { error: `must be ${least} or more` } : { value: values };
}
