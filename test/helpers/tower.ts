/** Images as a vision tower sees them, for compressors that rank by it. */
import type { CompressorName } from '../../src/shared/compressors.ts';
import { compressRows, layoutRow, type CompressedRows } from './compressor.ts';

/** A key at an angle, in degrees. */
export const keyAt = (degrees: number): number[] => [
  Math.cos((degrees * Math.PI) / 180),
  Math.sin((degrees * Math.PI) / 180),
];
/** One token: its attention, and its key in the only head, which is as long as one likes. */
const token = (attention: number, degrees: number, length = 1) => ({
  attention,
  keys: [keyAt(degrees).map((value) => value * length)],
});

/** What the tower thinks of the tokens of one image. */
export interface SeenImage {
  readonly attention: readonly number[];
  readonly degrees: readonly number[];
}
const seenAs = ({ attention, degrees }: SeenImage) => attention.map((a, i) => token(a, degrees[i]!, i + 1));

/** The only row's tokens are images that touch, of one channel: 1, 2, 4, 8 … so that every sum tells its parts. */
export function compressSeen(name: CompressorName, stride: number, images: readonly SeenImage[]): CompressedRows {
  const rows = [layoutRow(images.map(({ attention }) => attention.map(() => '#').join(' ')).join(' | '))];
  const tower = [images.flatMap(seenAs)];
  const states = [tower[0]!.map((_, i) => [2 ** i])];
  return compressRows(name, rows, stride, states, { layer: -1, tower });
}

/** Values of the first tokens after the point. */
export const valuesOf = ({ states }: CompressedRows, count: number): number[] => states[0]!.slice(0, count).flat();
/** Where the first tokens before the point went. */
export const wentOf = ({ assignment }: CompressedRows, count: number): number[] => assignment[0]!.slice(0, count);
