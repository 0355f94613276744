/** What a pane's setting does to the pictures of the question, known before anything is asked. Pure. */
import type { StudioModel } from '../../../../../shared/api/models.ts';
import {
  compressionRatio,
  FULL,
  summedVisualTokens,
  visualTokensPerLayer,
  type Compression,
} from '../../../../../shared/compression.ts';
import { readCompression } from '../../../components/compression-input.ts';
import { describeCells } from './overlay-shape.ts';
import { groupOfCell, type TokenGrid, type TokenGroups } from './token-groups.ts';

/** Visual tokens of a question at a setting. */
export interface PaneTokens {
  readonly compression: Compression;
  readonly grid: TokenGrid;
  /** At each decoder layer, over all pictures. */
  readonly perLayer: readonly number[];
  /** Of one layer without compression. */
  readonly fullPerLayer: number;
  /** Summed over layers, with and without compression. */
  readonly summed: number;
  readonly summedFull: number;
  /** In percent: 100 = no compression. */
  readonly ratio: number;
}

/**
 * @param pictures of the question
 * @returns undefined where the setting does not fit the model
 */
export function paneTokens(model: StudioModel, notation: string, pictures: number): PaneTokens | undefined {
  const { depth, visualTokensPerImage, gridWidth, gridHeight } = model;
  const reading = readCompression(notation, { depth, visualTokens: visualTokensPerImage });
  if ('error' in reading) return undefined;
  const lengths = Array.from({ length: pictures }, () => visualTokensPerImage);
  return {
    compression: reading.value,
    grid: { width: gridWidth, height: gridHeight },
    perLayer: visualTokensPerLayer(lengths, depth, reading.value),
    fullPerLayer: pictures * visualTokensPerImage,
    summed: summedVisualTokens(lengths, depth, reading.value),
    summedFull: summedVisualTokens(lengths, depth, FULL),
    ratio: compressionRatio(lengths, depth, reading.value),
  };
}

/**
 * The token behind a cell, in words.
 *
 * @param isAbsolute whether position ids are those of the prompt; counted from the picture's first token where not
 */
export function describeToken(grid: TokenGrid, tokens: TokenGroups, cell: number, isAbsolute: boolean): string {
  const place = groupOfCell(grid, tokens)[cell] ?? -1;
  const group = tokens.groups[place];
  if (!group) return `Dropped: ${describeCells(grid, [cell])}. No token stands for it at this layer.`;
  const what = group.cells.length === 1 ? 'one patch' : `mean of ${group.cells.length} patches`;
  const position = `position ${isAbsolute ? '' : '+'}${group.position}`;
  return `Token ${place + 1} of ${tokens.groups.length} · ${what} · ${describeCells(grid, group.cells)} · ${position}`;
}
