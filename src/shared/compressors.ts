/** How the visual tokens of one group (image or frame) can be shortened. */
export const COMPRESSORS = [
  'average-pool',
  'average-pool-2d',
  'random',
  'k-means',
  'attention',
  'attention-all',
  'pyramid-drop',
  'pyramid-drop-kept',
  'sparse-vlm',
  'parametric',
  'pixel-shuffle',
  'prumerge',
  'prumerge-plus',
  'visionzip',
] as const;
export type CompressorName = (typeof COMPRESSORS)[number];

/** What a program has to know of a compressor without running it. */
export interface CompressorFacts {
  /** As a choice is called. */
  readonly label: string;
  /** What becomes of S tokens, in one line. */
  readonly explanation: string;
  /** The decoder layers K it can stand before; without limits −1 (before the decoder) and all layers. */
  readonly firstLayer?: number;
  readonly lastLayer?: number;
  /** Why it has those limits. */
  readonly layerReason?: string;
  /** Whether S tokens are a square of the patch grid instead of a stretch of the raster order. */
  readonly isSquare?: boolean;
  /** Whether the words of the question decide what is kept: then questions about one image cannot share its tokens. */
  readonly readsText?: boolean;
  /** Whether it works on the vision tower's features: then the projector runs on what is left alone. */
  readonly beforeProjector?: boolean;
  /** Whether a linear map takes the channels of S tokens to those of one. */
  readonly foldsChannels?: boolean;
}

const RANKS_BY_ATTENTION = {
  firstLayer: 1,
  layerReason: 'it ranks by the attention of the layer before',
  readsText: true,
} as const;

const PYRAMID_DROP = 'The one in S that the questions look at most in layer K itself (PyramidDrop)';
const RANKS_BY_COMING_ATTENTION = {
  firstLayer: 0,
  layerReason: 'it ranks by the attention of the layer it stands before',
  readsText: true,
} as const;

const WORKS_ON_FEATURES = {
  lastLayer: -1,
  layerReason: "it works on the vision tower's features, before the projector",
  beforeProjector: true,
} as const;

/** Every compressor, in the order they are offered. */
export const COMPRESSOR_FACTS: Readonly<Record<CompressorName, CompressorFacts>> = {
  'average-pool': {
    label: 'Average pooling',
    explanation: 'The mean of every S tokens that follow one another in raster order (LLaVolta).',
  },
  'average-pool-2d': {
    label: 'Average pooling, 2-d',
    explanation: 'The mean of every √S × √S square of the patch grid (Matryoshka multimodal models).',
    isSquare: true,
  },
  random: {
    label: 'Random',
    explanation: 'One in S tokens, drawn by chance; the same ones each time.',
  },
  'k-means': {
    label: 'K-means',
    explanation: 'The centroids of clusters of alike tokens, one for every S tokens.',
  },
  attention: {
    label: 'Attention of the last token',
    explanation: 'The one in S that the last token before the answer looks at most (FastV).',
    ...RANKS_BY_ATTENTION,
  },
  'attention-all': {
    label: 'Attention of all tokens',
    explanation:
      'The one in S that all tokens up to the answer look at most, on average (FastV as its paper words it).',
    ...RANKS_BY_ATTENTION,
  },
  'pyramid-drop': {
    label: 'PyramidDrop',
    explanation: `${PYRAMID_DROP}; position ids are counted anew.`,
    ...RANKS_BY_COMING_ATTENTION,
  },
  'pyramid-drop-kept': {
    label: 'PyramidDrop, positions kept',
    explanation: `${PYRAMID_DROP}; position ids stay as they were.`,
    ...RANKS_BY_COMING_ATTENTION,
  },
  'sparse-vlm': {
    label: 'SparseVLM',
    explanation:
      'Those that the most visual words of the question look at most; some of the others as means of clusters.',
    ...RANKS_BY_ATTENTION,
  },
  parametric: {
    label: 'Parametric',
    explanation: 'A convolution over every S tokens in raster order, trained with the model; it starts as their mean.',
  },
  'pixel-shuffle': {
    label: 'Pixel shuffle',
    explanation:
      'The channels of every √S × √S square of patches side by side, then a linear map that is trained with the model; it starts as their mean.',
    isSquare: true,
    foldsChannels: true,
    ...WORKS_ON_FEATURES,
  },
  prumerge: {
    label: 'PruMerge',
    explanation:
      "The one in S that the tower's class token looks at most, with those most like it added by their attention (PruMerge, at a fixed number).",
    ...WORKS_ON_FEATURES,
  },
  'prumerge-plus': {
    label: 'PruMerge+',
    explanation: 'As PruMerge, for a quarter of what is left; the other three quarters are evenly spaced.',
    ...WORKS_ON_FEATURES,
  },
  visionzip: {
    label: 'VisionZip',
    explanation:
      "The tokens that the tower's class token looks at most, 54 of 64 that are left; all others merged into 10 evenly spaced ones by likeness.",
    ...WORKS_ON_FEATURES,
  },
};
