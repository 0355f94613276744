/** The colours by name, sRGB. Chosen far apart from each other and from every background (a test measures it). */
export const COLORS = {
  red: [205, 25, 35],
  orange: [255, 135, 0],
  yellow: [250, 220, 25],
  green: [20, 140, 50],
  cyan: [60, 205, 225],
  blue: [25, 60, 200],
  purple: [140, 40, 175],
  pink: [255, 140, 195],
  black: [25, 25, 25],
} as const satisfies Record<string, Rgb>;

/** Light and neutral, so that a background is never taken for a colour. */
export const BACKGROUNDS: readonly Rgb[] = [
  [240, 240, 240],
  [228, 230, 236],
  [236, 231, 224],
  [224, 232, 226],
];

export const SHAPES = ['circle', 'square', 'triangle', 'star', 'cross', 'ring'] as const;

/** Half the extent of an object by size, as a share of the picture's width. */
export const RADII = { small: 0.078, large: 0.135 } as const;

export type Rgb = readonly [number, number, number];
export type Color = keyof typeof COLORS;
export type Shape = (typeof SHAPES)[number];
export type Size = keyof typeof RADII;

export const COLOR_NAMES = Object.keys(COLORS) as Color[];
export const SIZE_NAMES = Object.keys(RADII) as Size[];

/** `a` or `an`, as the word needs. */
export function withArticle(phrase: string): string {
  return `${/^[aeiou]/.test(phrase) ? 'an' : 'a'} ${phrase}`;
}

/** The plural of a phrase that ends in a shape or in `object`. */
export function plural(phrase: string): string {
  return phrase.endsWith('s') ? `${phrase}es` : `${phrase}s`;
}
