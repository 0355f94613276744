/** A decoder and a batch of any size, made of random numbers: a bench needs work, not sense. */
import { Random } from '../../../shared/random.ts';
import type { BenchShape } from '../../../shared/bench-shape.ts';
import { IGNORED_LABEL, type EncodedRow } from '../data/batch.ts';
import type { LlavaConfig } from '../model/config.ts';
import type { HostTensor } from '../model/host-tensor.ts';
import { parameterShapes } from '../model/parameter-shapes.ts';

const SEED = 0;
const STANDARD_DEVIATION = 0.02;
const IMAGE_TOKEN = 0;
/** Position ids that any bench sequence fits in; no table of this length is made. */
const MAX_POSITIONS = 65_536;

/** The decoder of a shape. Its vision tower is never run: the batch comes with visual tokens as the projector makes them. */
export function syntheticConfig(shape: BenchShape): LlavaConfig {
  const { hidden, layers, heads, kvHeads, intermediate, vocab } = shape;
  return {
    vision: {
      family: 'clip',
      hiddenSize: 8,
      intermediateSize: 8,
      layers: 1,
      heads: 1,
      imageSize: 8,
      patchSize: 8,
      activation: 'quick_gelu',
      layerNormEps: 1e-5,
      initializerRange: STANDARD_DEVIATION,
      initializerFactor: 1,
    },
    text: {
      family: 'llama',
      hiddenSize: hidden,
      intermediateSize: intermediate,
      layers,
      heads,
      kvHeads,
      headDim: hidden / heads,
      vocabSize: vocab,
      rmsNormEps: 1e-6,
      ropeTheta: 10_000,
      ropeScaling: { type: 'default' },
      maxPositions: MAX_POSITIONS,
      attentionBias: 'none',
      mlpBias: false,
      tieWordEmbeddings: false,
      bosTokenId: null,
      eosTokenIds: [0],
      padTokenId: null,
      initializerRange: STANDARD_DEVIATION,
    },
    featureLayer: -1,
    featureSelect: 'default',
    imageTokenId: IMAGE_TOKEN,
    projectorActivation: 'gelu',
    projectorBias: true,
  };
}

/** Side of a patch of the synthetic tower, as CLIP's, in pixels. */
const PATCH = 14;
/** A tower that is about as small beside the decoder as CLIP's is beside LLaVA-1.5's. */
const TOWER_LAYERS = 2;

/** As `syntheticConfig`, with a tower that gives `nvis` visual tokens, which must be a square number. */
export function syntheticVisionConfig(shape: BenchShape): LlavaConfig {
  const config = syntheticConfig(shape);
  const vision = {
    ...config.vision,
    hiddenSize: shape.hidden / 2,
    intermediateSize: 2 * shape.hidden,
    layers: TOWER_LAYERS,
    heads: shape.heads,
    imageSize: Math.sqrt(shape.nvis) * PATCH,
    patchSize: PATCH,
  };
  return { ...config, vision };
}

function normals(length: number, stream: string): Float32Array {
  const random = Random.from(SEED, stream);
  return Float32Array.from({ length }, () => STANDARD_DEVIATION * random.normal());
}

/**
 * Weights under their Hugging Face names, by default of the decoder alone: matrices N(0, 0.02²), norms 1. Values are made when they
 * are asked for and not kept: a bench's peak of memory is to be the model's, not that of a second copy.
 */
export function syntheticWeights(
  config: LlavaConfig,
  isWanted = (name: string): boolean => name.startsWith('language_model.'),
): Map<string, HostTensor> {
  const weights = new Map<string, HostTensor>();
  for (const [name, shape] of parameterShapes(config)) {
    if (!isWanted(name)) continue;
    const size = shape.reduce((a, b) => a * b, 1);
    const make = (): Float32Array => (shape.length > 1 ? normals(size, name) : new Float32Array(size).fill(1));
    weights.set(name, {
      shape,
      get data() {
        return make();
      },
    });
  }
  return weights;
}

/** `batch` rows of `nvis` visual tokens and then `text` random tokens, every one supervised. */
export function syntheticRows({ batch, nvis, text, vocab }: BenchShape): EncodedRow[] {
  return Array.from({ length: batch }, (_, row) => {
    const random = Random.from(SEED, `tokens ${row}`);
    const tokenIds = new Int32Array(nvis + text).fill(IMAGE_TOKEN);
    for (let i = nvis; i < nvis + text; i++) tokenIds[i] = random.integer(vocab);
    const labels = new Int32Array(nvis + text).fill(IGNORED_LABEL);
    // As in the PyTorch script, the first text token is given, not predicted.
    labels.set(tokenIds.subarray(nvis + 1), nvis + 1);
    return { id: String(row), tokenIds, labels, groups: nvis > 0 ? [{ start: 0, length: nvis }] : [] };
  });
}

/** Visual tokens as the projector makes them: [batch · nvis, hidden]. */
export function syntheticVisualTokens({ batch, nvis, hidden }: BenchShape): { tokens: Float32Array; width: number } {
  return { tokens: normals(batch * nvis * hidden, 'visual tokens'), width: hidden };
}

/** Pixels of some images, [I, 3, S, S]. */
export function syntheticPixels(images: number, imageSize: number): { pixels: Float32Array; imageSize: number } {
  const random = Random.from(SEED, 'pixels');
  return { pixels: Float32Array.from({ length: images * 3 * imageSize ** 2 }, () => random.normal()), imageSize };
}
