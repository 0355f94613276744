import { describe, expect, it } from 'vitest';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import type { LlavaConfig } from '../../../../src/main/engine/model/config.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import { checkTower, towerOutput } from '../../../../src/main/engine/model/tower-view.ts';
import { visionFeatures } from '../../../../src/main/engine/model/vision-encoder.ts';
import { parseCompression } from '../../../../src/shared/compression.ts';
import { expectNoLeakedTensors } from '../../../helpers/tensors.ts';
import { tinyConfig, tinyPixels, tinyWeights } from '../../../helpers/tiny-model.ts';

/** Two layers of 2 heads of 4; features come out of the first. */
const CLIP = tinyConfig({ featureLayer: 1 });
const SIGLIP: LlavaConfig = {
  ...CLIP,
  featureSelect: 'full',
  vision: { ...CLIP.vision, family: 'siglip', hasHead: false },
};
const [E, H, D] = [8, 2, 4];
const IMAGES = 2;

interface Values {
  readonly features: number[];
  readonly attention: number[];
  readonly keys: number[];
  /** What enters the first layer, [I·L, E]. */
  readonly entering: number[];
}

function engineValues(config: LlavaConfig, weights: ReadonlyMap<string, HostTensor>): Values {
  const parameters = new Parameters(weights);
  const side = config.vision.imageSize;
  const found = parameters.withWeights((w) =>
    tf.tidy(() => {
      const pixels = tf.tensor4d(tinyPixels(IMAGES, config), [IMAGES, 3, side, side]);
      const output = towerOutput(pixels, w, config, true);
      const entering = visionFeatures(pixels, w, config.vision, 0, 'full');
      const read = (tensor?: { dataSync(): ArrayLike<number> }): number[] => Array.from(tensor?.dataSync() ?? []);
      const values = {
        features: read(output.features),
        attention: read(output.attention),
        keys: read(output.keys),
        entering: read(entering),
      };
      const plain = read(towerOutput(pixels, w, config, false).features);
      expect(values.features).toEqual(plain);
      return JSON.stringify(values) as unknown as never;
    }),
  );
  parameters.dispose();
  return JSON.parse(found) as Values;
}

/** Norm, then a linear map, of one token in plain numbers. */
function mapped(x: readonly number[], map: string, weights: ReadonlyMap<string, HostTensor>): number[] {
  const layer = 'vision_tower.encoder.layers.0';
  const values = (name: string): number[] => [...weights.get(`${layer}.${name}`)!.data];
  const mean = x.reduce((a, b) => a + b) / E;
  const variance = x.reduce((a, b) => a + (b - mean) ** 2, 0) / E;
  const [scale, shift] = [values('layer_norm1.weight'), values('layer_norm1.bias')];
  const h = x.map((value, e) => ((value - mean) / Math.sqrt(variance + 1e-5)) * scale[e]! + shift[e]!);
  const [weight, bias] = [values(`self_attn.${map}.weight`), values(`self_attn.${map}.bias`)];
  return bias.map((b, out) => h.reduce((total, value, e) => total + value * weight[out * E + e]!, b));
}

/** Attention of one token to all of its image, averaged over heads. */
function attentionOf(query: readonly number[], keys: readonly (readonly number[])[]): number[] {
  const total = keys.map(() => 0);
  for (let head = 0; head < H; head++) {
    const dot = (key: readonly number[]): number =>
      Array.from({ length: D }, (_, i) => query[head * D + i]! * key[head * D + i]!).reduce((a, b) => a + b) /
      Math.sqrt(D);
    const exps = keys.map((key) => Math.exp(dot(key)));
    const sum = exps.reduce((a, b) => a + b);
    exps.forEach((value, j) => (total[j]! += value / sum / H));
  }
  return total;
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5));
}

const CASES = [
  { title: 'the class token of CLIP', config: CLIP, dropped: 1, asks: (t: number) => t === 0 },
  {
    title: 'the class token of CLIP where features have it',
    config: { ...CLIP, featureSelect: 'full' as const },
    dropped: 0,
    asks: (t: number) => t === 0,
  },
  { title: 'all tokens of SigLIP', config: SIGLIP, dropped: 0, asks: () => true },
];

describe.each(CASES)('the view of $title', ({ config, dropped, asks }) => {
  it('is the attention it pays, averaged over heads, and the keys of the layer', () => {
    const weights = tinyWeights(config);
    const { entering, attention, keys } = engineValues(config, weights);
    const length = entering.length / E / IMAGES;
    const expected = { attention: [] as number[], keys: [] as number[] };
    for (let image = 0; image < IMAGES; image++) {
      const tokens = Array.from({ length }, (_, t) =>
        entering.slice((image * length + t) * E, (image * length + t + 1) * E),
      );
      const k = tokens.map((x) => mapped(x, 'k_proj', weights));
      const rows = tokens.filter((_, t) => asks(t)).map((x) => attentionOf(mapped(x, 'q_proj', weights), k));
      const means = k.map((_, j) => rows.reduce((total, row) => total + row[j]!, 0) / rows.length);
      expected.attention.push(...means.slice(dropped));
      expected.keys.push(...k.slice(dropped).flat());
    }
    expectClose(attention, expected.attention);
    expectClose(keys, expected.keys);
  });
});

it('leaves no tensors', () => expectNoLeakedTensors(() => engineValues(SIGLIP, tinyWeights(SIGLIP))));

describe('a tower without a class token', () => {
  it('is refused by name where one ranks, and good for VisionZip', () => {
    const check =
      (setting: string, config = SIGLIP) =>
      () =>
        checkTower(parseCompression(setting), config);
    expect(check('-1/2:prumerge')).toThrow(/prumerge ranks by the class token of the vision tower.*siglip.*has none/);
    expect(() => checkTower(parseCompression('-1/2:prumerge'), SIGLIP, 'stages[1].compression')).toThrow(
      /^stages\[1\]/,
    );
    expect(check('-1/2:prumerge-plus+1/2')).toThrow(/prumerge-plus/);
    expect(check('-1/2:visionzip')).not.toThrow();
    expect(check('-1/2:prumerge', CLIP)).not.toThrow();
    expect(check('-1/2:visionzip', { ...CLIP, featureLayer: 0 })).toThrow(/come out of a layer/);
  });
});
