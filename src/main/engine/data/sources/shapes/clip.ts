import type { Random } from '../../../../../shared/random.ts';
import { drawPicture } from './raster.ts';
import { coordinate, isClear } from './scene.ts';
import { BACKGROUNDS, COLORS, COLOR_NAMES, SHAPES, type Color, type Rgb, type Shape } from './vocabulary.ts';

export const FRAMES = 8;
const DIRECTIONS = ['left', 'right', 'up', 'down'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** One object of a clip. Frames count from 0; lengths are shares of the picture's width, y points down. */
export interface ClipObject {
  readonly color: Color;
  readonly shape: Shape;
  /** Centre in the first frame. */
  readonly x: number;
  readonly y: number;
  /** First frame that shows the object. */
  readonly appears: number;
  /** Undefined = it stays where it is. `from` is the last frame before it moves, `step` the way per frame. */
  readonly motion?: { readonly direction: Direction; readonly from: number; readonly step: number };
}

/** The ground truth of one clip. In a clip about one thing nothing else differs, so that questions have one answer. */
export interface Clip {
  readonly about: (typeof SUBJECTS)[number];
  readonly background: Rgb;
  readonly objects: readonly ClipObject[];
}

const SUBJECTS = ['motion', 'appearance', 'start'] as const;
const RADIUS = 0.1;
/** Way per frame: the fast one is 2.5 times the slow one, and the slow one still two pixels of 64. */
const STEPS = { slow: 0.03, medium: 0.06, fast: 0.075 } as const;
const [APPEARANCES, STARTS] = [
  [1, 3, 5],
  [0, 2, 4],
];
const VECTORS: Record<Direction, readonly [number, number]> = {
  left: [-1, 0],
  right: [1, 0],
  up: [0, -1],
  down: [0, 1],
};

/**
 * A random clip of objects that differ in colour and shape, stay inside the picture and never touch.
 *
 * @param objectCount 1 to 3; by default 2 or 3
 */
export function sampleClip(random: Random, objectCount?: number): Clip {
  // Only clips about motion have three kinds of questions, so there are twice as many.
  const about = random.pick(['motion', ...SUBJECTS] as const);
  const background = random.pick(BACKGROUNDS);
  const count = objectCount ?? 2 + random.integer(2);
  while (true) {
    const colors = random.shuffle([...COLOR_NAMES]);
    const shapes = random.shuffle([...SHAPES]);
    const courses = sampleCourses(about, count, random);
    const objects = courses.map((course, i): ClipObject => {
      const place = { x: coordinate(random, RADIUS), y: coordinate(random, RADIUS) };
      return { color: colors[i] as Color, shape: shapes[i] as Shape, ...place, ...course };
    });
    if (isFree(objects)) return { about, background, objects };
  }
}

/** What each object does, in random order. */
function sampleCourses(about: Clip['about'], count: number, random: Random): Pick<ClipObject, 'appears' | 'motion'>[] {
  if (about === 'appearance') {
    return random
      .shuffle([...APPEARANCES])
      .slice(0, count)
      .map((appears) => ({ appears }));
  }
  if (about === 'start') {
    const starts = random.shuffle([...STARTS]).slice(0, count);
    return starts.map((from) => ({
      appears: 0,
      motion: { direction: random.pick(DIRECTIONS), from, step: STEPS.medium },
    }));
  }
  const speeds = random.shuffle(['slow', 'fast', 'still'] as const).slice(0, count);
  return speeds.map((speed) => {
    if (speed === 'still') return { appears: 0 };
    return { appears: 0, motion: { direction: random.pick(DIRECTIONS), from: 0, step: STEPS[speed] } };
  });
}

/** Centre of an object in a frame. */
function positionAt({ x, y, motion }: ClipObject, frame: number): { readonly x: number; readonly y: number } {
  if (!motion) return { x, y };
  const [dx, dy] = VECTORS[motion.direction];
  const way = motion.step * Math.max(0, frame - motion.from);
  return { x: x + dx * way, y: y + dy * way };
}

function isFree(objects: readonly ClipObject[]): boolean {
  const inside = (value: number): boolean => value >= RADIUS && value <= 1 - RADIUS;
  for (let frame = 0; frame < FRAMES; frame++) {
    const places = objects.map((object) => positionAt(object, frame));
    if (!places.every(({ x, y }) => inside(x) && inside(y))) return false;
    if (!places.every((a, i) => places.slice(i + 1).every((b) => isClear(a, RADIUS, b, RADIUS)))) return false;
  }
  return true;
}

/** One frame of a clip: 8-bit sRGB, [size, size, 3]. */
export function drawFrame(clip: Clip, frame: number, size: number): Uint8Array {
  const shown = clip.objects.filter((object) => frame >= object.appears);
  const sprites = shown.map((object) => ({
    shape: object.shape,
    rgb: COLORS[object.color],
    radius: RADIUS,
    ...positionAt(object, frame),
  }));
  return drawPicture(size, clip.background, sprites);
}
