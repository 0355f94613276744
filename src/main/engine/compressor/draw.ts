import { Random } from '../../../shared/random.ts';
import type { CompressionPoint } from '../../../shared/compression.ts';

/**
 * `count` different places of a group of `length`, ascending, drawn by chance: the same ones for the same group and
 * point, in whatever batch and in whatever process.
 */
export function drawnPlaces(id: string, { layer, stride }: CompressionPoint, length: number, count: number): number[] {
  const random = Random.from(0, `compressor ${id} ${layer}/${stride}`);
  const places = Array.from({ length }, (_, i) => i);
  return random
    .shuffle(places)
    .slice(0, count)
    .sort((a, b) => a - b);
}
