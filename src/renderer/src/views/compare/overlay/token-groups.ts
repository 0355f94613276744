/** Which patches of a picture each visual token of a decoder layer stands for: what the overlay draws. Pure. */
import { pooledLength, type Compression, type CompressionPoint } from '../../../../../shared/compression.ts';
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

/** Those whose tokens follow from lengths alone. */
const SHORTEN: Partial<Record<CompressorName, Shorten>> = { 'average-pool': averagePool };

/** Before the decoder tokens have no position ids yet: they are counted from `start` after pooling. */
function shorten(
  groups: readonly TokenGroup[],
  { layer, stride, compressor }: CompressionPoint,
  start: number,
): TokenGroup[] {
  const left = SHORTEN[compressor]?.(groups, stride) ?? [];
  return layer < 0 ? left.map(({ cells }, i) => ({ cells, position: start + i })) : left;
}

function droppedCells(cellCount: number, groups: readonly TokenGroup[]): number[] {
  const kept = new Set(groups.flatMap(({ cells }) => cells));
  return Array.from({ length: cellCount }, (_, cell) => cell).filter((cell) => !kept.has(cell));
}

/**
 * The visual tokens of one picture that decoder layer `layer` (from 0) runs on.
 *
 * @param start position id of the picture's first token at layer 0; see `firstPositions`
 */
export function tokenGroups(grid: TokenGrid, compression: Compression, layer: number, start = 0): TokenGroups {
  const cellCount = grid.width * grid.height;
  const single = Array.from({ length: cellCount }, (_, cell): TokenGroup => ({
    cells: [cell],
    position: start + cell,
  }));
  const groups = compression
    .filter((point) => point.layer <= layer)
    .reduce<readonly TokenGroup[]>((left, point) => shorten(left, point, start), single);
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
