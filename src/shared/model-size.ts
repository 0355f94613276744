/** Numbers of a model's weights, from its shape. */
import type { ModelShape } from './cost.ts';

/** Values of the weights of a model's parts. */
export interface PartParameters {
  readonly projector: number;
  readonly vision: {
    /** Patches, positions, class token and the norm in front. */
    readonly start: number;
    readonly layer: number;
    /** Unused layers, the last norm and SigLIP's head included. */
    readonly all: number;
  };
  readonly decoder: {
    readonly embeddings: number;
    readonly layer: number;
    /** The last norm, and the head where it is not the embeddings. */
    readonly behind: number;
  };
}

/** A model's shape with what else a choice depends on. */
export interface ModelSize {
  readonly shape: ModelShape;
  /** Visual tokens of an image. */
  readonly visualTokens: number;
  /** Values of all weights, the vision tower's unused layers included. */
  readonly parameters: number;
  readonly parts: PartParameters;
  readonly visionLayers: number;
}

/** What of a model its numbers of weights depend on besides its shape. */
export interface SizeSettings {
  readonly visionLayers: number;
  readonly featureLayer: number;
  /** Of the tower's tokens, the first is dropped by the strategy `default`. */
  readonly featureSelect: 'default' | 'full';
  readonly projectorBias: boolean;
  readonly tied: boolean;
  /** SigLIP's pooling head. */
  readonly hasHead: boolean;
  readonly attentionBias: 'none' | 'qkv' | 'all';
  readonly mlpBias: boolean;
}

/** What of `SizeSettings` a model has that is made here: LLaMA without bias on CLIP. */
export const PLAIN = { hasHead: false, attentionBias: 'none', mlpBias: false } as const satisfies Partial<SizeSettings>;

/** Layers that run for the features of `featureLayer`: 23 of 24 for −2. */
export const layersUsed = (layers: number, featureLayer: number): number =>
  featureLayer < 0 ? layers + 1 + featureLayer : featureLayer;

const patchesOf = ({ imageSize, patchSize }: ModelShape['vision']): number => Math.floor(imageSize / patchSize) ** 2;

const affine = (into: number, out: number, hasBias = true): number => into * out + (hasBias ? out : 0);

function visionParameters({ vision }: ModelShape, { visionLayers, hasHead }: SizeSettings): PartParameters['vision'] {
  const { hiddenSize: d, intermediateSize: m, patchSize, hasClassToken } = vision;
  const [mlp, norm] = [affine(d, m) + affine(m, d), 2 * d];
  // CLIP has a class token with a position of its own and a norm in front; SigLIP a bias on its patches.
  const start = 3 * patchSize ** 2 * d + patchesOf(vision) * d + (hasClassToken ? 2 * d + norm : d);
  const layer = 4 * affine(d, d) + mlp + 2 * norm;
  const head = hasHead ? d + 4 * affine(d, d) + norm + mlp : 0;
  return { start, layer, all: start + visionLayers * layer + norm + head };
}

function decoderParameters(
  { decoder }: ModelShape,
  { tied, attentionBias, mlpBias }: SizeSettings,
): PartParameters['decoder'] {
  const { hiddenSize: d, intermediateSize: m, heads, kvHeads, headDim, vocabSize } = decoder;
  const hasBias = attentionBias !== 'none';
  const attention =
    affine(d, heads * headDim, hasBias) +
    2 * affine(d, kvHeads * headDim, hasBias) +
    affine(heads * headDim, d, attentionBias === 'all');
  const mlp = 2 * affine(d, m, mlpBias) + affine(m, d, mlpBias);
  const embeddings = vocabSize * d;
  return { embeddings, layer: attention + mlp + 2 * d, behind: d + (tied ? 0 : embeddings) };
}

function partParameters(shape: ModelShape, settings: SizeSettings): PartParameters {
  const { vision, decoder } = shape;
  const projector =
    affine(vision.hiddenSize, decoder.hiddenSize, settings.projectorBias) +
    affine(decoder.hiddenSize, decoder.hiddenSize, settings.projectorBias);
  return {
    projector,
    vision: visionParameters(shape, settings),
    decoder: decoderParameters(shape, settings),
  };
}

/** Counts the weights of a model. */
export function modelSize(shape: ModelShape, settings: SizeSettings): ModelSize {
  const {
    vision,
    decoder: { layers },
  } = shape;
  const parts = partParameters(shape, settings);
  const { embeddings, layer, behind } = parts.decoder;
  return {
    shape,
    visualTokens: patchesOf(vision) + (vision.hasClassToken ? 1 : 0) - (settings.featureSelect === 'default' ? 1 : 0),
    parameters: parts.vision.all + parts.projector + embeddings + layers * layer + behind,
    parts,
    visionLayers: settings.visionLayers,
  };
}
