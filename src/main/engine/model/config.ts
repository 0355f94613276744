/** What the vision towers have in common: pre-norm transformer layers over one token per patch. */
interface PatchTower {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  /** Side of the square input, in pixels. */
  readonly imageSize: number;
  /** Side of a square patch, in pixels. Pixels behind the last whole patch are left out. */
  readonly patchSize: number;
  readonly activation: 'quick_gelu' | 'gelu' | 'gelu_pytorch_tanh';
  readonly layerNormEps: number;
}

/** CLIP's tower (Radford et al. 2021): a class token in front of the patches, a norm before the first layer. */
export interface ClipVisionConfig extends PatchTower {
  readonly family: 'clip';
  /** Standard deviation of the embeddings at initialisation. */
  readonly initializerRange: number;
  /** Factor on every standard deviation of the tower at initialisation. */
  readonly initializerFactor: number;
}

/** SigLIP's tower (Zhai et al. 2023): patches only, no norm before the first layer. */
export interface SiglipVisionConfig extends PatchTower {
  readonly family: 'siglip';
  /** Whether the model has the tower's pooling head. LLaVA never runs it; it is kept for those who read the model. */
  readonly hasHead: boolean;
}

export type VisionConfig = ClipVisionConfig | SiglipVisionConfig;

/** How rotary frequencies are changed for rows longer than the model was first trained on: see `rope.ts`. */
export type RopeScaling =
  | { readonly type: 'default' }
  | { readonly type: 'linear' | 'dynamic'; readonly factor: number }
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      /** Positions that the model was first trained on. */
      readonly originalMaxPositions: number;
    };

/** A decoder of LLaMA's make: RMSNorm, rotary positions, grouped-query attention, SwiGLU. */
export interface TextConfig {
  /** Which of transformers' classes it is; they differ in their biases and in nothing else that is supported. */
  readonly family: 'llama' | 'mistral' | 'qwen2';
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
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  readonly maxPositions: number;
  /** Which of attention's linear maps have a bias: Qwen2's do on queries, keys and values. */
  readonly attentionBias: 'none' | 'qkv' | 'all';
  /** Whether the three linear maps of the MLP have a bias. */
  readonly mlpBias: boolean;
  /** Whether the output head is the embedding table; then there is no `lm_head` tensor. */
  readonly tieWordEmbeddings: boolean;
  readonly bosTokenId: number | null;
  /** Tokens that end a text; there may be several, or none. */
  readonly eosTokenIds: readonly number[];
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
  /**
   * `full` takes every token of the tower, `default` all but the first: CLIP's class token. SigLIP has none, and loses
   * its first patch, as in transformers; its models are therefore written with `full`.
   */
  readonly featureSelect: 'default' | 'full';
  readonly imageTokenId: number;
  readonly projectorActivation: 'gelu';
  readonly projectorBias: boolean;
}

/** Patches that the tower cuts an image into. */
export function patchesPerImage({ imageSize, patchSize }: VisionConfig): number {
  return Math.floor(imageSize / patchSize) ** 2;
}

/** Tokens of an image inside the tower: its patches, and CLIP's class token in front of them. */
export function towerTokensPerImage(vision: VisionConfig): number {
  return patchesPerImage(vision) + (vision.family === 'clip' ? 1 : 0);
}

/** Visual tokens that one image (or frame) gives the decoder before any compression. */
export function visualTokensPerImage({ vision, featureSelect }: LlavaConfig): number {
  return towerTokensPerImage(vision) - (featureSelect === 'default' ? 1 : 0);
}

/** Number of vision layers that must run to get the features: `featureLayer` counted from the front. */
export function visionLayersUsed({ vision, featureLayer }: LlavaConfig): number {
  return featureLayer < 0 ? vision.layers + 1 + featureLayer : featureLayer;
}
