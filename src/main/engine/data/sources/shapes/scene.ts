import type { Random } from '../../../../../shared/random.ts';
import { drawPicture, type Sprite } from './raster.ts';
import {
  BACKGROUNDS,
  COLORS,
  COLOR_NAMES,
  RADII,
  SHAPES,
  SIZE_NAMES,
  type Color,
  type Rgb,
  type Shape,
  type Size,
} from './vocabulary.ts';

/** One object of a scene graph. x and y are the centre as shares of the picture's width; y points down. */
export interface SceneObject {
  readonly color: Color;
  readonly shape: Shape;
  readonly size: Size;
  readonly x: number;
  readonly y: number;
}

/** The ground truth of one picture. */
export interface Scene {
  readonly background: Rgb;
  readonly objects: readonly SceneObject[];
}

/** How many objects a scene has, both ends included. */
export interface ObjectCount {
  readonly fewest: number;
  readonly most: number;
}

/** Free space between two objects and to the border, shares of the width. */
const [GAP, MARGIN] = [0.06, 0.03];
const PLACE_ATTEMPTS = 60;

/**
 * A random scene of objects that do not touch. Each scene draws from a few colours and shapes of its own, so
 * that attributes repeat (there is something to count) and an object is seldom known by its colour alone.
 */
export function sampleScene(random: Random, { fewest, most }: ObjectCount): Scene {
  const background = random.pick(BACKGROUNDS);
  const colors = random.shuffle([...COLOR_NAMES]).slice(0, 2 + random.integer(4));
  const shapes = random.shuffle([...SHAPES]).slice(0, 2 + random.integer(3));
  const count = fewest + random.integer(most - fewest + 1);
  while (true) {
    const objects: SceneObject[] = [];
    for (let i = 0; i < count; i++) {
      const look = { color: random.pick(colors), shape: random.pick(shapes), size: random.pick(SIZE_NAMES) };
      const place = findPlace(random, RADII[look.size], objects);
      if (!place) break;
      objects.push({ ...look, ...place });
    }
    if (objects.length === count) return { background, objects };
  }
}

function findPlace(
  random: Random,
  radius: number,
  others: readonly SceneObject[],
): { x: number; y: number } | undefined {
  for (let attempt = 0; attempt < PLACE_ATTEMPTS; attempt++) {
    const place = { x: coordinate(random, radius), y: coordinate(random, radius) };
    if (others.every((other) => isClear(place, radius, other, RADII[other.size]))) return place;
  }
  return undefined;
}

/** A centre that keeps the object inside the picture; three decimals, as the scene graph shows them. */
export function coordinate(random: Random, radius: number): number {
  const lowest = radius + MARGIN;
  return Math.round((lowest + random.uniform() * (1 - 2 * lowest)) * 1000) / 1000;
}

/** Whether two discs leave the gap between them. */
export function isClear(
  a: { readonly x: number; readonly y: number },
  radiusA: number,
  b: { readonly x: number; readonly y: number },
  radiusB: number,
): boolean {
  const [dx, dy, reach] = [a.x - b.x, a.y - b.y, radiusA + radiusB + GAP];
  return dx * dx + dy * dy >= reach * reach;
}

/** What is drawn for an object. */
function toSprite(object: SceneObject): Sprite {
  return { shape: object.shape, rgb: COLORS[object.color], x: object.x, y: object.y, radius: RADII[object.size] };
}

/** The picture of a scene: 8-bit sRGB, [size, size, 3]. */
export function drawScene(scene: Scene, size: number): Uint8Array {
  return drawPicture(size, scene.background, scene.objects.map(toSprite));
}
