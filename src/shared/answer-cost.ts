import { compressionRatio, visualTokensPerLayer, type Compression } from './compression.ts';
import { publishedFlops, type ModelShape, type PublishedFlops } from './cost.ts';
import { decodeFlops, forwardFlops, totalFlops } from './exact-flops.ts';

/** A prompt and its answer, as far as their cost depends on them. */
export interface AnsweredPrompt {
  /** Visual tokens of each image before compression. */
  readonly groupLengths: readonly number[];
  /** Tokens of the prompt that are not visual. */
  readonly textTokens: number;
  /** Tokens that were generated, a stop token included. */
  readonly generatedTokens: number;
}

/** What one answer costs at a compression setting. The published counts are of the prefill. */
export interface AnswerCost extends PublishedFlops {
  readonly visualTokensPerLayer: readonly number[];
  /** In percent: 100 = no compression. */
  readonly compressionRatio: number;
  /** Tower, projector, prefill and every decoded token. */
  readonly flopsExact: number;
}

/** @throws InputError where the setting does not fit the decoder or the images */
export function answerCost(model: ModelShape, prompt: AnsweredPrompt, compression: Compression): AnswerCost {
  const { decoder } = model;
  const { groupLengths, textTokens, generatedTokens } = prompt;
  const perLayer = visualTokensPerLayer(groupLengths, decoder.layers, compression);
  let flops = totalFlops(forwardFlops(model, { groupLengths, textTokens, headTokens: 1 }, compression));
  // The first token comes out of the prefill; each one behind it meets a cache that has grown by one.
  for (let t = 0; t + 1 < generatedTokens; t++) {
    flops += decodeFlops(
      decoder,
      perLayer.map((visual) => visual + textTokens + t),
    );
  }
  return {
    visualTokensPerLayer: perLayer,
    compressionRatio: compressionRatio(groupLengths, decoder.layers, compression),
    ...publishedFlops(decoder, perLayer, textTokens),
    flopsExact: flops,
  };
}
