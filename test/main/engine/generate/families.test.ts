import { describe, expect, it } from 'vitest';
import { GraphCache } from '../../../../src/main/engine/backend/graph/graph-function.ts';
import { tf, type Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import type { EncodedRow } from '../../../../src/main/engine/data/batch.ts';
import { Session } from '../../../../src/main/engine/generate/session.ts';
import type { LlavaConfig, SiglipVisionConfig } from '../../../../src/main/engine/model/config.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import { parseCompression } from '../../../../src/shared/compression.ts';
import { extendedRow, fullForward, withRows, type SmallModel } from '../../../helpers/small-model.ts';
import { expectNoLeakedTensors, valuesOf } from '../../../helpers/tensors.ts';
import { rowOf, tinyConfig, tinyPixels, tinyWeights } from '../../../helpers/tiny-model.ts';

const SIGLIP: SiglipVisionConfig = {
  ...{ family: 'siglip', hiddenSize: 8, intermediateSize: 12, layers: 2, heads: 2, imageSize: 18, patchSize: 8 },
  ...{ activation: 'gelu_pytorch_tanh', layerNormEps: 1e-6, hasHead: false },
};

/** Four visual tokens an image, as in `TINY`. */
const onSiglip = (text: Partial<LlavaConfig['text']>): LlavaConfig => ({
  ...tinyConfig({ text, featureLayer: -1, featureSelect: 'full' }),
  vision: SIGLIP,
});

const qwen2 = onSiglip({ family: 'qwen2', attentionBias: 'qkv', tieWordEmbeddings: true });
/** A scaling that sets in beyond `maxPositions`. */
const dynamic = (maxPositions: number): LlavaConfig =>
  onSiglip({ ropeScaling: { type: 'dynamic', factor: 4 }, maxPositions });
const llama3 = onSiglip({
  ropeScaling: { type: 'llama3', factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 12 },
});

async function withModel(config: LlavaConfig, use: (model: SmallModel) => void): Promise<void> {
  await expectNoLeakedTensors(() => {
    const parameters = new Parameters(tinyWeights(config));
    const { weights, release } = parameters.borrow();
    const functions = new GraphCache<null>();
    use({ config, weights, functions, dispose: () => undefined });
    functions.dispose();
    release();
    parameters.dispose();
    return Promise.resolve();
  });
}

const prompt = rowOf('1 #4 5 6');
const more = [7, 8, 9, 10];

/** Logits behind the prompt and behind each further token, one at a time. */
function stepwise(row: EncodedRow, pixels: Float32Array, setting: string, model: SmallModel): number[][] {
  return withRows([row], pixels, parseCompression(setting), model, (batch) => {
    const session = new Session(batch, model);
    const behind = [valuesOf(session.promptLogits as Tensor)];
    for (const token of more) {
      const logits = session.extend(Int32Array.of(token));
      behind.push(valuesOf(logits));
      tf.dispose(logits);
    }
    session.dispose();
    return behind;
  });
}

function largestDifference(a: readonly number[], b: ArrayLike<number>): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] as number))), 0);
}

describe('answering with a cache is a forward pass over everything', () => {
  it.each([
    ['Qwen2 on SigLIP', qwen2],
    ['LLaMA 3’s scaling', llama3],
    ['NTK scaling, within the model’s length', dynamic(16)],
  ])('%s', async (_, config) => {
    await withModel(config, (model) => {
      const pixels = tinyPixels(1, config);
      for (const setting of ['none', '1/2', '-1/2']) {
        stepwise(prompt, pixels, setting, model).forEach((ours, step) => {
          const row = extendedRow(prompt, more.slice(0, step));
          const whole = fullForward(row, pixels, parseCompression(setting), model);
          expect(largestDifference(ours, whole), `${setting}, ${step} tokens`).toBeLessThan(1e-4);
        });
      }
    });
  });

  it('with NTK scaling only within the length: beyond it, keys in the cache keep the angles they had, as in transformers', async () => {
    const config = dynamic(8);
    await withModel(config, (model) => {
      const pixels = tinyPixels(1, config);
      const [atPrompt, , , last] = stepwise(prompt, pixels, 'none', model) as [number[], ...number[][]];
      expect(largestDifference(atPrompt, fullForward(prompt, pixels, [], model))).toBeLessThan(1e-4);
      const whole = fullForward(extendedRow(prompt, more.slice(0, 3)), pixels, [], model);
      expect(largestDifference(last as number[], whole)).toBeGreaterThan(1e-3);
    });
  });
});

describe('rows of different lengths behind one prompt', () => {
  it('are not turned by each other’s padding', async () => {
    const config = dynamic(12);
    await withModel(config, (model) => {
      const pixels = tinyPixels(1, config);
      const extended = (tokens: number[], length: number): number[] =>
        withRows([prompt], pixels, [], model, (batch) => {
          const session = new Session(batch, model);
          const logits = session.extend(Int32Array.from(tokens), [length]);
          const behind = valuesOf(logits);
          tf.dispose(logits);
          session.dispose();
          return behind;
        });
      // Positions 7 to 9 are real; padding at 10 to 14 would be beyond the length.
      const alone = extended([7, 8, 9], 3);
      expect(largestDifference(extended([7, 8, 9, 0, 0, 0, 0, 0], 3), alone)).toBeLessThan(1e-5);
    });
  });
});
