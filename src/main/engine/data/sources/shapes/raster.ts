import type { Rgb, Shape } from './vocabulary.ts';

/** One thing to draw. Positions and radius are shares of the picture's width; y points down. */
export interface Sprite {
  readonly shape: Shape;
  readonly rgb: Rgb;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** Each pixel is the mean of SAMPLES x SAMPLES points. */
const SAMPLES = 4;
const OUTLINE = 0.012;
const OUTLINE_SHADE = 0.55;

// Corner of a regular star, as numbers: Math.sin and Math.cos may differ between machines in the last bit.
const [SIN_36, COS_36, SIN_72, COS_72] = [
  0.5877852522924731, 0.8090169943749475, 0.9510565162951535, 0.30901699437494745,
];
const INNER = 0.46;
const STAR: readonly (readonly [number, number])[] = [
  [0, -1],
  [INNER * SIN_36, -INNER * COS_36],
  [SIN_72, -COS_72],
  [INNER * SIN_72, INNER * COS_72],
  [SIN_36, COS_36],
  [0, INNER],
  [-SIN_36, COS_36],
  [-INNER * SIN_72, INNER * COS_72],
  [-SIN_72, -COS_72],
  [-INNER * SIN_36, -INNER * COS_36],
];

/** Whether a point belongs to a shape; u and v in units of the radius, v down. */
const CONTAINS: Record<Shape, (u: number, v: number) => boolean> = {
  circle: (u, v) => u * u + v * v <= 1,
  ring: (u, v) => u * u + v * v <= 1 && u * u + v * v >= 0.3,
  square: (u, v) => Math.abs(u) <= 0.8 && Math.abs(v) <= 0.8,
  triangle: (u, v) => v <= 0.62 && Math.abs(u) <= (v + 1) * 0.57,
  cross: (u, v) => Math.min(Math.abs(u), Math.abs(v)) <= 0.33 && Math.max(Math.abs(u), Math.abs(v)) <= 1,
  star: (u, v) => insidePolygon(STAR, u, v),
};

/** Crossing number rule. Edges by index: this is the innermost loop, and destructuring would take most of its time. */
function insidePolygon(corners: readonly (readonly [number, number])[], u: number, v: number): boolean {
  let inside = false;
  let from = corners[corners.length - 1] as readonly [number, number];
  for (let i = 0; i < corners.length; i++) {
    const to = corners[i] as readonly [number, number];
    if (from[1] > v !== to[1] > v && u < ((from[0] - to[0]) * (v - to[1])) / (from[1] - to[1]) + to[0])
      inside = !inside;
    from = to;
  }
  return inside;
}

/**
 * Draws sprites over a background. Only + - * / and rounding are used, so the bytes are the same on every machine.
 * @returns 8-bit sRGB, [size, size, 3].
 */
export function drawPicture(size: number, background: Rgb, sprites: readonly Sprite[]): Uint8Array {
  const pixels = new Uint8Array(size * size * 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = background[i % 3] as number;
  for (const sprite of sprites) {
    const [red, green, blue] = sprite.rgb;
    const edge: Rgb = [red * OUTLINE_SHADE, green * OUTLINE_SHADE, blue * OUTLINE_SHADE];
    paint(pixels, size, { ...sprite, rgb: edge, radius: sprite.radius + OUTLINE });
    paint(pixels, size, sprite);
  }
  return pixels;
}

function paint(pixels: Uint8Array, size: number, sprite: Sprite): void {
  const bound = (value: number): number => Math.min(size, Math.max(0, Math.floor(value * size)));
  const [left, right] = [bound(sprite.x - sprite.radius), bound(sprite.x + sprite.radius + 1 / size)];
  const [top, bottom] = [bound(sprite.y - sprite.radius), bound(sprite.y + sprite.radius + 1 / size)];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const share = coverage(sprite, size, row, column);
      if (share > 0) blend(pixels, (row * size + column) * 3, sprite.rgb, share);
    }
  }
}

/** Share of the pixel that the sprite covers, 0 to 1. */
function coverage({ shape, x, y, radius }: Sprite, size: number, row: number, column: number): number {
  const contains = CONTAINS[shape];
  let hits = 0;
  for (let i = 0; i < SAMPLES; i++) {
    const v = ((row + (i + 0.5) / SAMPLES) / size - y) / radius;
    for (let j = 0; j < SAMPLES; j++) {
      const u = ((column + (j + 0.5) / SAMPLES) / size - x) / radius;
      if (contains(u, v)) hits += 1;
    }
  }
  return hits / (SAMPLES * SAMPLES);
}

function blend(pixels: Uint8Array, at: number, rgb: Rgb, share: number): void {
  for (let channel = 0; channel < 3; channel++) {
    const under = pixels[at + channel] as number;
    pixels[at + channel] = Math.round(under + ((rgb[channel] as number) - under) * share);
  }
}
