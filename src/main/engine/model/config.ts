/** A CLIP vision transformer: pre-norm layers over a class token and one token per patch. */
export interface VisionConfig {
  readonly family: 'clip';
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Side of the square input, in pixels. */
  readonly imageSize: number;
  /** Side of a square patch, in pixels. Divides `imageSize`. */
  readonly patchSize: number;
  readonly activation: 'quick_gelu' | 'gelu' | 'gelu_pytorch_tanh';
  readonly layerNormEps: number;
  /** Standard deviation of the embeddings at initialisation. */
  readonly initializerRange: number;
  /** Factor on every standard deviation of the tower at initialisation. */
  readonly initializerFactor: number;
}

/** A LLaMA decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU; no bias anywhere. */
export interface TextConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values; divides `heads`. */
  readonly kvHeads: number;
  /** Width of one head; even, as rotary positions turn pairs. */
  readonly headDim: number;
  readonly vocabSize: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  readonly maxPositions: number;
  /** Whether the output head is the embedding table; then there is no `lm_head` tensor. */
  readonly tieWordEmbeddings: boolean;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number;
  readonly padTokenId: number | null;
  /** Standard deviation of linear weights and embeddings at initialisation. */
  readonly initializerRange: number;
}

/** Everything that fixes the computation of a LLaVA model, apart from its weights. */
export interface LlavaConfig {
  readonly vision: VisionConfig;
  readonly text: TextConfig;
  /**
   * Which vision hidden state the projector reads, as an index into transformers' `hidden_states`: 0 is the state before
   * the first layer, n the state after n layers, negative counts from the end (-1 = after the last layer; no post-norm).
   */
  readonly featureLayer: number;
  /** `default` drops the class token, `full` keeps it in front of the patches. */
  readonly featureSelect: 'default' | 'full';
  readonly imageTokenId: number;
  readonly projectorActivation: 'gelu';
  readonly projectorBias: boolean;
}

/** Visual tokens that one image (or frame) gives the decoder before any compression. */
export function visualTokensPerImage({ vision, featureSelect }: LlavaConfig): number {
  return (vision.imageSize / vision.patchSize) ** 2 + (featureSelect === 'full' ? 1 : 0);
}

/** Number of vision layers that must run to get the features: `featureLayer` counted from the front. */
export function visionLayersUsed({ vision, featureLayer }: LlavaConfig): number {
  return featureLayer < 0 ? vision.layers + 1 + featureLayer : featureLayer;
}
