/** Colours of stages: fixed by what a stage keeps, so that one setting looks the same wherever it appears. */
import { compressionRatio, parseCompression } from '../../shared/compression.ts';

/** 0 the heaviest compression … 4 the lightest, 5 none; index of `--stage-N`. */
export type StageTone = 0 | 1 | 2 | 3 | 4 | 5;

/** Decoder depth of the paper, assumed where a model's is not known. */
const PAPER_DEPTH = 32;
/** Visual tokens that every usual stride divides, so that no remainder blurs the share. */
const TOKENS = 2 ** 6 * 9 * 5 * 7;

/**
 * Part of the visual tokens that a setting keeps, over all layers: 1 = none is lost.
 *
 * @param notation K/S
 * @param depth decoder layers that K is given for
 */
export function keptShare(notation: string, depth = PAPER_DEPTH): number {
  const points = parseCompression(notation);
  const deepest = Math.max(0, ...points.map(({ layer }) => layer));
  return 100 / compressionRatio([TOKENS], Math.max(depth, deepest + 1), points);
}

/** The tone of a setting; none where the notation cannot be read. */
export function stageTone(notation: string, depth?: number): StageTone {
  try {
    const kept = keptShare(notation, depth);
    return kept >= 1 ? 5 : (Math.min(4, Math.floor(kept * 5)) as StageTone);
  } catch {
    return 5;
  }
}

/** The CSS colour of a tone. */
export const toneColor = (tone: StageTone): string => `var(--stage-${tone})`;
