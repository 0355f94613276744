/**
 * The test-time redundancy study that the paper prints (Fig. 1a): LLaVA-1.5-7B on GQA, average pooling before decoder
 * layer K with stride S, not trained for it. The figure gives no numbers: accuracies are read off it, to about ±0.3.
 */

export const PAPER_REDUNDANCY_SOURCE = 'LLaVolta (arXiv 2406.20092), Fig. 1: LLaVA-1.5-7B on GQA, read off to ±0.3';

/** GQA accuracy without compression, in percent. */
const PAPER_FULL_ACCURACY = 62.0;

/** Decoder layers of LLaVA-1.5-7B. */
export const PAPER_DEPTH = 32;

export const PAPER_LAYERS = [2, 8, 16] as const;
const PAPER_STRIDES = [4, 8, 16, 64] as const;

/** Visual tokens of a picture in LLaVA-1.5. */
const VISUAL_TOKENS = 576;

/** By layer, in the order of the strides; in percent. */
const ACCURACIES: Readonly<Record<(typeof PAPER_LAYERS)[number], readonly number[]>> = {
  2: [58.6, 55.7, 50.3, 44.1],
  8: [59.0, 58.4, 51.0, 46.3],
  16: [60.9, 60.3, 57.9, 56.1],
};

export interface PaperPoint {
  readonly layer: number;
  readonly stride: number;
  /** Visual tokens that are left, summed over layers, in percent of full. */
  readonly retainedPercent: number;
  /** In percent. */
  readonly accuracy: number;
  /** To full, in percentage points. */
  readonly difference: number;
}

/** Layers below K hold all tokens, the others one in S. */
const retained = (layer: number, stride: number): number =>
  (100 * (layer * VISUAL_TOKENS + (PAPER_DEPTH - layer) * Math.floor(VISUAL_TOKENS / stride))) /
  (PAPER_DEPTH * VISUAL_TOKENS);

/** The points of the figure, by layer and rising stride. */
export const PAPER_REDUNDANCY: readonly PaperPoint[] = PAPER_LAYERS.flatMap((layer) =>
  PAPER_STRIDES.map((stride, i) => {
    const accuracy = ACCURACIES[layer][i] ?? NaN;
    return {
      ...{ layer, stride, accuracy, retainedPercent: retained(layer, stride) },
      difference: accuracy - PAPER_FULL_ACCURACY,
    };
  }),
);
