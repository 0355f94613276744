import { closest } from './closest.ts';
import { COMPRESSOR_FACTS, COMPRESSORS, type CompressorName } from './compressors.ts';
import { InputError } from './errors.ts';
import { sum } from './sum.ts';

/**
 * One place where visual tokens are compressed: those entering decoder layer `layer` (counted from 0; −1 = between
 * projector and decoder) are replaced by one for every `stride`. Written K/S, or K/S:compressor.
 */
export interface CompressionPoint {
  readonly layer: number;
  readonly stride: number;
  readonly compressor: CompressorName;
}

/** A compression setting: points by ascending layer, each acting on the tokens that reach its layer; empty = full. */
export type Compression = readonly CompressionPoint[];

/** No compression. */
export const FULL: Compression = [];

const NOTATION = "must be 'none' or points K/S joined by '+', e.g. '2/8', '2/2+4/2' or '2/8:k-means'";
const POINT = /^(-?\d{1,6})\s*\/\s*(\d{1,6})(?:\s*:\s*([\w-]+))?$/;
const DEFAULT: CompressorName = 'average-pool';

function compressorOf(name: string, whole: string): CompressorName {
  const found = COMPRESSORS.find((compressor) => compressor === name);
  if (found) return found;
  const hint = closest(name, COMPRESSORS);
  throw new InputError({
    value: whole,
    rule: `compressor must be one of ${COMPRESSORS.join(', ')}`,
    ...(hint === undefined ? {} : { hint: `Did you mean ${hint}?` }),
  });
}

function parsePoint(text: string, whole: string, compressor: CompressorName): CompressionPoint {
  const [, layerText, strideText, name] = POINT.exec(text.trim()) ?? [];
  if (layerText === undefined || strideText === undefined) throw new InputError({ value: whole, rule: NOTATION });
  const [layer, stride] = [Number(layerText), Number(strideText)];
  if (layer < -1) throw new InputError({ value: whole, rule: 'layer K must be -1 (before the decoder) or more' });
  if (stride < 1) throw new InputError({ value: whole, rule: 'stride S must be 1 (no compression) or more' });
  // `+ 0` turns the -0 that '-0/2' parses to into a plain 0.
  return { layer: layer + 0, stride, compressor: name === undefined ? compressor : compressorOf(name, whole) };
}

/**
 * The points that stage notation names, whether or not their compressors can stand there; see `parseCompression`.
 *
 * @throws InputError for what is no notation, and for two points at one layer
 */
export function readPoints(text: string, compressor: CompressorName = DEFAULT): Compression {
  if (/^\s*(none|full)\s*$/i.test(text)) return FULL;
  const points = text.split('+').map((part) => parsePoint(part, text, compressor));
  if (new Set(points.map((point) => point.layer)).size < points.length) {
    throw new InputError({ value: text, rule: 'must have one point per layer', hint: 'Multiply the two strides' });
  }
  return points.filter((point) => point.stride > 1).sort((a, b) => a.layer - b.layer);
}

/**
 * Reads stage notation K/S: `none` or `full`, `2/8`, `-1/4`, `2/2+4/2` (strides multiply from layer 4 on),
 * `2/2:random+4/2:attention`. Points of stride 1 do nothing and are left out.
 *
 * @param compressor of the points that name none
 * @throws InputError for anything else, for two points at one layer, and for a point where its compressor cannot stand
 */
export function parseCompression(text: string, compressor: CompressorName = DEFAULT): Compression {
  const compression = readPoints(text, compressor);
  const rule = findCompressorProblem(compression);
  if (rule !== undefined) throw new InputError({ value: text, rule });
  return compression;
}

/**
 * Stage notation of a compression setting: `none`, `2/8`, `2/2+4/2:random`. The inverse of `parseCompression`.
 *
 * @param usual the compressor that goes without saying
 */
export function formatCompression(compression: Compression, usual: CompressorName = DEFAULT): string {
  const points = compression.map(({ layer, stride, compressor }) =>
    compressor === usual ? `${layer}/${stride}` : `${layer}/${stride}:${compressor}`,
  );
  return points.join('+') || 'none';
}

function layerProblem({ layer, compressor }: CompressionPoint): string | undefined {
  const { firstLayer = -1, lastLayer = Infinity, layerReason = '' } = COMPRESSOR_FACTS[compressor];
  if (layer >= firstLayer && layer <= lastLayer) return undefined;
  const highest = lastLayer < 0 ? '-1 (before the decoder)' : `${lastLayer} or less`;
  const limit = layer < firstLayer ? `${firstLayer} or more` : highest;
  return `layer K of ${compressor} must be ${limit}: ${layerReason}`;
}

/** What is wrong with where compressors stand in a setting, as a rule in words; undefined where nothing is. */
export function findCompressorProblem(compression: Compression): string | undefined {
  const gridLost = compression.findIndex(({ compressor }) => !COMPRESSOR_FACTS[compressor].isSquare);
  for (const [index, point] of compression.entries()) {
    const problem = layerProblem(point);
    if (problem !== undefined) return problem;
    if (!COMPRESSOR_FACTS[point.compressor].isSquare) continue;
    if (!Number.isInteger(Math.sqrt(point.stride))) {
      return `stride S of ${point.compressor} must be a square (4, 9, 16 …), and is ${point.stride}`;
    }
    if (gridLost >= 0 && gridLost < index) {
      return `${point.compressor} must not come behind ${compression[gridLost]?.compressor}, which leaves no patch grid`;
    }
  }
  return undefined;
}

/** Layer K of a `fromDepth`-layer decoder at the same relative depth of a `toDepth`-layer one; 0 and −1 stay what they are. */
export function scaleLayer(layer: number, fromDepth: number, toDepth: number): number {
  if (layer < 1 || fromDepth === toDepth) return layer;
  return Math.min(Math.max(1, Math.round((layer * toDepth) / fromDepth)), toDepth - 1);
}

/** Two points of one layer as one: pooling twice by a and b is pooling by a·b. */
const joined = (first: CompressionPoint, second: CompressionPoint): CompressionPoint => ({
  ...second,
  stride: first.stride * second.stride,
});

/**
 * Moves every point to the same relative depth of another decoder. Points of one compressor that meet at one layer
 * become one; a point of another compressor goes to the layer behind, as long as there is one.
 */
export function scaleCompression(compression: Compression, fromDepth: number, toDepth: number): Compression {
  const scaled: CompressionPoint[] = [];
  for (const point of compression) {
    const layer = scaleLayer(point.layer, fromDepth, toDepth);
    const last = scaled.at(-1);
    if (!last || layer > last.layer) scaled.push({ ...point, layer });
    else if (last.compressor !== point.compressor && last.layer + 1 < toDepth) {
      scaled.push({ ...point, layer: last.layer + 1 });
    } else scaled[scaled.length - 1] = { ...joined(last, point), layer: last.layer };
  }
  return scaled;
}

/** Tokens left of a group of `length`: one per `stride`; a remainder is dropped. */
export function pooledLength(length: number, stride: number): number {
  return Math.floor(length / stride);
}

/** What a point needs of the length of a group and has not, in words; undefined where it fits. */
function lengthProblem(length: number, { layer, stride, compressor }: CompressionPoint): string | undefined {
  if (stride > length) {
    return `stride must be at most ${length}, the visual tokens of an image or frame that reach layer ${layer}`;
  }
  const [side, window] = [Math.sqrt(length), Math.sqrt(stride)];
  if (!COMPRESSOR_FACTS[compressor].isSquare || (Number.isInteger(side) && side % window === 0)) return undefined;
  const grid = Number.isInteger(side) ? `${side} × ${side}` : `${length} tokens, no square`;
  return `squares of ${window} × ${window} must fill the patch grid, which is ${grid}`;
}

/**
 * Lengths of the groups (images or frames) after one point, each shortened alone.
 *
 * @throws InputError where a group would lose its last token, or the point does not fit its grid.
 */
export function pooledLengths(groupLengths: readonly number[], point: CompressionPoint): number[] {
  return groupLengths.map((length) => {
    const rule = lengthProblem(length, point);
    if (rule === undefined) return pooledLength(length, point.stride);
    throw new InputError({ field: 'compression', value: formatCompression([point]), rule });
  });
}

/**
 * Lengths of the groups as the projector runs on them.
 *
 * @throws InputError where a point in front of it does not fit
 */
export function projectedLengths(groupLengths: readonly number[], compression: Compression): readonly number[] {
  const first = compression.find(({ compressor }) => COMPRESSOR_FACTS[compressor].beforeProjector);
  return first ? pooledLengths(groupLengths, first) : groupLengths;
}

/** @throws InputError where a point lies outside a decoder of `depth` layers. */
export function checkLayers(compression: Compression, depth: number): void {
  const outside = compression.find((point) => point.layer >= depth);
  if (!outside) return;
  throw new InputError({
    field: 'compression',
    value: formatCompression([outside]),
    rule: `layer must be between -1 and ${depth - 1}: the decoder has ${depth} layers`,
  });
}

/**
 * Visual tokens that each decoder layer runs on, over all groups (lengths before compression), as `depth` numbers.
 *
 * @throws InputError where a layer is not of the decoder or a stride exceeds the tokens of a group.
 */
export function visualTokensPerLayer(
  groupLengths: readonly number[],
  depth: number,
  compression: Compression,
): number[] {
  checkLayers(compression, depth);
  let lengths = groupLengths;
  let next = 0;
  return Array.from({ length: depth }, (_, layer) => {
    for (let point = compression[next]; point && point.layer <= layer; point = compression[++next]) {
      lengths = pooledLengths(lengths, point);
    }
    return sum(lengths);
  });
}

/** #Tokens of the paper: visual tokens summed over all decoder layers. LLaVA-1.5 uncompressed: 32 · 576 = 18432. */
export function summedVisualTokens(groupLengths: readonly number[], depth: number, compression: Compression): number {
  return sum(visualTokensPerLayer(groupLengths, depth, compression));
}

/** Compression ratio in percent from token counts summed over layers: 100 = no compression, also where there are no visual tokens. */
export function ratioPercent(fullTokens: number, tokens: number): number {
  return tokens === 0 ? 100 : (100 * fullTokens) / tokens;
}

/**
 * Compression ratio in percent (Eq. 3: N·L / ((N − K)·L_out + K·L)), from real token counts, so a dropped remainder
 * counts as dropped. 100 = no compression; LLaVA-1.5 ([576], depth 32) at 2/8: 557.
 */
export function compressionRatio(groupLengths: readonly number[], depth: number, compression: Compression): number {
  const full = summedVisualTokens(groupLengths, depth, FULL);
  return ratioPercent(full, summedVisualTokens(groupLengths, depth, compression));
}
