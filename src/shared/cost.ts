import { sum } from './sum.ts';

/** What of a decoder its cost depends on; LLaMA's three-matrix SwiGLU MLP is assumed. */
export interface DecoderShape {
  readonly layers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  /** Key and value heads: fewer than `heads` under grouped-query attention. */
  readonly kvHeads: number;
  readonly headDim: number;
  readonly vocabSize: number;
}

/** What of a vision transformer its cost depends on. */
export interface VisionShape {
  /** Layers that run, up to the selected features: 23 of CLIP ViT-L's 24 for feature layer −2. */
  readonly layers: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  /** Pixels of the square input's side. */
  readonly imageSize: number;
  /** Pixels of a patch's side. */
  readonly patchSize: number;
  readonly hasClassToken: boolean;
}

export interface ModelShape {
  readonly vision: VisionShape;
  readonly decoder: DecoderShape;
}

/** Text tokens of a prompt that, with the linear layers alone, reproduce all seven rows of the paper's Tab. 5. */
export const PAPER_TEXT_TOKENS = 62;

/**
 * FLOPs of a forward pass as the paper counts them (Tab. 5): linear layers of the decoder only, 2 per multiply-add,
 * no grouped-query widths, no attention products, LM head or vision tower.
 */
export function paperFlops(decoder: DecoderShape, visualPerLayer: readonly number[], textTokens: number): number {
  const { hiddenSize: d, intermediateSize: m } = decoder;
  return 2 * (4 * d * d + 3 * d * m) * (sum(visualPerLayer) + decoder.layers * textTokens);
}

/**
 * What FastV prints as FLOPs (arXiv 2403.06764, Sec. 4.2): multiply-adds 4nd² + 2n²d + 2ndm per layer with n tokens, text
 * included. The third matrix of SwiGLU is missing there, so it is here; grouped-query attention counts as if every head
 * had keys of its own. FastV's tables divide the sum by the layers: 99.3 B for LLaVA-1.5-7B's 612 tokens.
 */
export function fastvFlops(decoder: DecoderShape, tokensPerLayer: readonly number[]): number {
  const { hiddenSize: d, intermediateSize: m } = decoder;
  return sum(tokensPerLayer.map((n) => 4 * n * d * d + 2 * n * n * d + 2 * n * d * m));
}

/** What PyramidDrop prints as FLOPs (arXiv 2410.17247): multiply-adds 4nd² + 2n²d + 3ndm per layer with n visual tokens. */
export function pyramidDropFlops(decoder: DecoderShape, visualPerLayer: readonly number[]): number {
  const { hiddenSize: d, intermediateSize: m } = decoder;
  return sum(visualPerLayer.map((n) => 4 * n * d * d + 2 * n * n * d + 3 * n * d * m));
}

/** A forward pass as three publications count it: for comparison with their tables, not with each other. */
export interface PublishedFlops {
  readonly flopsPaper: number;
  readonly flopsFastv: number;
  readonly flopsPyramidDrop: number;
}

/**
 * All published counts of a forward pass.
 *
 * @param visualPerLayer visual tokens that each decoder layer runs on, [layers]
 * @param textTokens the same at every layer
 */
export function publishedFlops(
  decoder: DecoderShape,
  visualPerLayer: readonly number[],
  textTokens: number,
): PublishedFlops {
  const tokensPerLayer = visualPerLayer.map((visual) => visual + textTokens);
  return {
    flopsPaper: paperFlops(decoder, visualPerLayer, textTokens),
    flopsFastv: fastvFlops(decoder, tokensPerLayer),
    flopsPyramidDrop: pyramidDropFlops(decoder, visualPerLayer),
  };
}

/**
 * How many forward passes a training step counts as under a published rule, which knows nothing of frozen parts: the
 * backward pass is twice the forward one, and checkpointing runs the forward pass once more.
 */
export const publishedPasses = (gradientCheckpointing: boolean): number => (gradientCheckpointing ? 4 : 3);
