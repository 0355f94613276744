/** What a compression field accepts and how its points change, apart from its drawing. */
import {
  formatCompression,
  parseCompression,
  readPoints,
  visualTokensPerLayer,
  type Compression,
  type CompressionPoint,
} from '../../../shared/compression.ts';
import { COMPRESSOR_FACTS, type CompressorName } from '../../../shared/compressors.ts';
import { InputError } from '../../../shared/errors.ts';

/** The model that a setting is for. What is not known is not checked. */
export interface CompressionLimits {
  /** Decoder layers. */
  readonly depth?: number | undefined;
  /** Visual tokens of one image or frame before compression. */
  readonly visualTokens?: number | undefined;
}

export type CompressionReading = { readonly value: Compression } | { readonly error: string };

/** Enough of either for every setting, where the model is not known. */
const ANY = 1_000_000;

/** Reads stage notation and checks it against the model. */
export function readCompression(text: string, { depth, visualTokens }: CompressionLimits = {}): CompressionReading {
  try {
    const value = parseCompression(text);
    const deepest = value.at(-1)?.layer ?? 0;
    visualTokensPerLayer([visualTokens ?? ANY], depth ?? deepest + 1, value);
    return { value };
  } catch (error) {
    if (error instanceof InputError) return { error: error.problem.rule };
    throw error;
  }
}

/** What a text says, whether or not it can be; undefined where it says nothing. */
export function saidPoints(text: string): Compression | undefined {
  try {
    return readPoints(text);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

/** A point of another compressor, at the nearest layer and stride that it can have. */
function withCompressor(point: CompressionPoint, compressor: CompressorName): CompressionPoint {
  const { firstLayer = -1, lastLayer = Infinity, isSquare } = COMPRESSOR_FACTS[compressor];
  const layer = Math.min(Math.max(point.layer, firstLayer), lastLayer);
  const stride = isSquare ? Math.max(2, Math.floor(Math.sqrt(point.stride))) ** 2 : point.stride;
  return { layer, stride, compressor };
}

/** With another compressor at one point, which moves if it must; where another point stands there, it stays. */
export function changeCompressor(compression: Compression, place: number, compressor: CompressorName): Compression {
  const point = compression[place];
  if (!point) return compression;
  const changed = withCompressor(point, compressor);
  const isTaken = compression.some(({ layer }, i) => i !== place && layer === changed.layer);
  return changePoint(compression, place, isTaken ? { compressor } : changed);
}

/** With one point changed; points stay in order of their layers. */
export function changePoint(compression: Compression, place: number, change: Partial<CompressionPoint>): Compression {
  return compression
    .map((point, i) => (i === place ? { ...point, ...change } : point))
    .sort((a, b) => a.layer - b.layer);
}

/** Without one point. */
export function removePoint(compression: Compression, place: number): Compression {
  return compression.filter((_, i) => i !== place);
}

/** The layers that have no point yet, −1 (before the decoder) included. */
export function freeLayers(compression: Compression, depth: number): number[] {
  const taken = new Set(compression.map(({ layer }) => layer));
  return Array.from({ length: depth + 1 }, (_, i) => i - 1).filter((layer) => !taken.has(layer));
}

/** With one more point of stride 2 behind the last one, or at the deepest free layer where there is none. */
export function addPoint(compression: Compression, depth: number): Compression {
  const free = freeLayers(compression, depth);
  const last = compression.at(-1)?.layer ?? 0;
  const layer = free.find((candidate) => candidate > last) ?? free.at(-1);
  if (layer === undefined) return compression;
  return [...compression, { layer, stride: 2, compressor: 'average-pool' as const }].sort((a, b) => a.layer - b.layer);
}

/** `1/8`, or `full` for no compression: how a setting is called on the screen. */
export function settingName(notation: string): string {
  const reading = readCompression(notation);
  if ('error' in reading) return notation;
  return reading.value.length === 0 ? 'full' : formatCompression(reading.value);
}
