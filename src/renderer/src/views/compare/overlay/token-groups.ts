/** Which patches of a picture each visual token of a decoder layer stands for: what the overlay draws. Pure. */
import { pooledLength, type Compression, type CompressionPoint } from '../../../../../shared/compression.ts';
import type { TokenPoint } from '../../../../../shared/answer.ts';
import type { CompressorName } from '../../../../../shared/compressors.ts';

/** Patches of one picture, in raster order: cell `row · width + column`. */
export interface TokenGrid {
  readonly width: number;
  readonly height: number;
}

/** One visual token as a decoder layer sees it. */
export interface TokenGroup {
  /** The cells whose tokens it holds, ascending; one where nothing was merged. */
  readonly cells: readonly number[];
  /** Its position id (RoPE). */
  readonly position: number;
}

/** All cells of a grid, each in one group or dropped. */
export interface TokenGroups {
  readonly groups: readonly TokenGroup[];
  /** Cells that no token stands for any more, ascending. */
  readonly dropped: readonly number[];
  /** Decides by the picture's values what is left at this layer, and has not been told: the groups are those before it. */
  readonly undecided?: CompressorName;
}

/** What a compression point made of one picture, as an answering engine tells it. */
export interface PicturePoint {
  readonly layer: number;
  /** For each token before the point, the place of the one it went into; −1 where it was dropped. */
  readonly went: readonly number[];
  /** Position ids of the tokens after the point. */
  readonly positions: readonly number[];
}

/** What all points made of the i-th picture. */
export function pointsOfPicture(points: readonly TokenPoint[], i: number): PicturePoint[] {
  return points.flatMap(({ layer, pictures }) => {
    const picture = pictures[i];
    return picture ? [{ layer, ...picture }] : [];
  });
}

/** How a compressor shortens the tokens that reach its layer. What it leaves out is dropped. */
type Shorten = (groups: readonly TokenGroup[], stride: number) => TokenGroup[];

/**
 * Every `stride` consecutive tokens become one, along the flattened sequence, so a token may reach over the end of a
 * grid row; a remainder is dropped. The position id is the mean, rounded down (Sec. 3.2 and the released code).
 */
function averagePool(groups: readonly TokenGroup[], stride: number): TokenGroup[] {
  return Array.from({ length: pooledLength(groups.length, stride) }, (_, i) => {
    const merged = groups.slice(i * stride, (i + 1) * stride);
    const total = merged.reduce((sum, { position }) => sum + position, 0);
    return { cells: merged.flatMap(({ cells }) => cells), position: Math.floor(total / stride) };
  });
}

/** As `averagePool`, by squares of the grid. */
function averagePool2d(groups: readonly TokenGroup[], stride: number): TokenGroup[] {
  const [side, window] = [Math.sqrt(groups.length), Math.sqrt(stride)];
  const windows = side / window;
  const rows = Array.from({ length: windows ** 2 }, (_, w) =>
    groups.filter((_, i) => {
      const [y, x] = [Math.floor(i / side), i % side];
      return Math.floor(y / window) * windows + Math.floor(x / window) === w;
    }),
  );
  return rows.flatMap((merged) => averagePool(merged, stride));
}

/** Those whose tokens follow from lengths alone. */
const SHORTEN: Partial<Record<CompressorName, Shorten>> = {
  'average-pool': averagePool,
  'average-pool-2d': averagePool2d,
  parametric: averagePool,
  'pixel-shuffle': averagePool2d,
};

/** The tokens after a point as the engine told it. */
function told(groups: readonly TokenGroup[], { went, positions }: PicturePoint): TokenGroup[] {
  const cells = positions.map((): number[] => []);
  groups.forEach((group, i) => cells[went[i] ?? -1]?.push(...group.cells));
  return cells.map((own, i) => ({ cells: own.sort((a, b) => a - b), position: positions[i] ?? 0 }));
}

/**
 * Before the decoder tokens have no position ids yet: they are counted from `start` after pooling.
 *
 * @returns undefined where only the engine knows
 */
function shorten(
  groups: readonly TokenGroup[],
  { layer, stride, compressor }: CompressionPoint,
  start: number,
  points: readonly PicturePoint[],
): TokenGroup[] | undefined {
  const point = points.find((one) => one.layer === layer && one.went.length === groups.length);
  if (point) return told(groups, point);
  const left = SHORTEN[compressor]?.(groups, stride);
  return layer < 0 ? left?.map(({ cells }, i) => ({ cells, position: start + i })) : left;
}

function droppedCells(cellCount: number, groups: readonly TokenGroup[]): number[] {
  const kept = new Set(groups.flatMap(({ cells }) => cells));
  return Array.from({ length: cellCount }, (_, cell) => cell).filter((cell) => !kept.has(cell));
}

/**
 * The visual tokens of one picture that decoder layer `layer` (from 0) runs on.
 *
 * @param start position id of the picture's first token at layer 0; see `firstPositions`
 * @param points what the engine told of this picture; nothing before it was asked
 */
export function tokenGroups(
  grid: TokenGrid,
  compression: Compression,
  layer: number,
  start = 0,
  points: readonly PicturePoint[] = [],
): TokenGroups {
  const cellCount = grid.width * grid.height;
  let groups: readonly TokenGroup[] = Array.from({ length: cellCount }, (_, cell) => ({
    cells: [cell],
    position: start + cell,
  }));
  for (const point of compression.filter((one) => one.layer <= layer)) {
    const left = shorten(groups, point, start, points);
    if (!left) return { groups, dropped: droppedCells(cellCount, groups), undecided: point.compressor };
    groups = left;
  }
  return { groups, dropped: droppedCells(cellCount, groups) };
}

/**
 * Position id of each picture's first token at layer 0. Pooling before the decoder shortens the prompt, so later pictures
 * move forward; pooling at a decoder layer moves nothing.
 *
 * @param starts where each picture's tokens begin in the uncompressed prompt
 * @param length visual tokens of a picture before compression
 */
export function firstPositions(starts: readonly number[], length: number, compression: Compression): number[] {
  const before = compression.find(({ layer }) => layer < 0);
  const removed = before ? length - pooledLength(length, before.stride) : 0;
  return starts.map((start, picture) => start - picture * removed);
}

/** The group of each cell, −1 where it was dropped: the overlay's lookup from a place to a token. */
export function groupOfCell({ width, height }: TokenGrid, { groups }: TokenGroups): Int32Array {
  const lookup = new Int32Array(width * height).fill(-1);
  groups.forEach(({ cells }, g) => cells.forEach((cell) => (lookup[cell] = g)));
  return lookup;
}
