/** Geometry of the pictures that show where visual tokens fall away. */
import { pooledLength, type Compression } from '../../../../../shared/compression.ts';

/** Layers from `firstLayer` (inclusive) to `untilLayer` (exclusive) that run on the same visual tokens. */
export interface LayerBand {
  readonly firstLayer: number;
  readonly untilLayer: number;
  /** Visual tokens of an image. */
  readonly tokens: number;
  /** Tokens that became one, all points above multiplied. */
  readonly stride: number;
}

/**
 * A decoder cut into bands at its compression points.
 *
 * @param compression with layers of this decoder, fitting the tokens
 */
export function layerBands(visualTokens: number, depth: number, compression: Compression): LayerBand[] {
  const bands: LayerBand[] = [];
  let [firstLayer, tokens, stride] = [0, visualTokens, 1];
  for (const point of compression) {
    const layer = Math.min(Math.max(0, point.layer), depth);
    if (layer > firstLayer) bands.push({ firstLayer, untilLayer: layer, tokens, stride });
    [firstLayer, tokens, stride] = [layer, pooledLength(tokens, point.stride), stride * point.stride];
  }
  if (firstLayer < depth) bands.push({ firstLayer, untilLayer: depth, tokens, stride });
  return bands;
}

/** Widest a line of the hatching gets. */
const LINE_PERIOD = 12;

/**
 * Hatching whose covered part of the area is exactly `kept`: lines of `width` pixels every `period` pixels. So the ink of
 * the timeline is the visual tokens that the run works on.
 */
export function hatching(kept: number): { readonly width: number; readonly period: number } {
  if (kept >= 1) return { width: LINE_PERIOD, period: LINE_PERIOD };
  if (kept <= 0) return { width: 0, period: LINE_PERIOD };
  const width = Math.max(1, LINE_PERIOD * kept);
  return { width, period: width / kept };
}
