import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { configOfSize, resolveModel } from '../../../../src/main/engine/model/named-size.ts';
import { formatHuggingFaceConfig, parseLlavaConfig } from '../../../../src/main/engine/model/huggingface-config.ts';
import { modelShape } from '../../../../src/main/engine/model/model-shape.ts';
import { visualTokensPerImage } from '../../../../src/main/engine/model/config.ts';
import { parameterShapes } from '../../../../src/main/engine/model/parameter-shapes.ts';
import { namedSizes, readModelSize, readNamedSize } from '../../../../src/main/studio/models/model-shape.ts';
import { parameterCount } from '../../../helpers/parameter-count.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const VOCABULARY = { vocabSize: 500, imageTokenId: 4, bosTokenId: 1, eosTokenId: 2, padTokenId: 0 };

it.each(['tiny', 'small'])('counts the size %s as the engine builds it', async (name) => {
  const config = configOfSize(resolveModel(name), VOCABULARY);
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'config.json'), formatHuggingFaceConfig(config));
  const { shape, visualTokens, parameters } = await readModelSize(folder);
  const engines = modelShape(config);
  expect(engines.vision).toMatchObject(shape.vision);
  expect(engines.decoder).toMatchObject(shape.decoder);
  expect(visualTokens).toBe(visualTokensPerImage(config));
  const sizes = [...parameterShapes(config).values()].map((dims) => dims.reduce((a, b) => a * b, 1));
  expect(parameters).toBe(sizes.reduce((a, b) => a + b, 0));
  const named = readNamedSize(name);
  expect({ ...named.shape.decoder, vocabSize: 500 }).toMatchObject(shape.decoder);
});

it.each(['siglip-qwen2', 'siglip-llama-dynamic', 'clip-mistral-llama3', 'clip-qwen2-linear'])(
  'counts a model of the family %s as the engine does',
  async (name) => {
    const folder = fileURLToPath(new URL(`../../../golden/families/${name}/model`, import.meta.url));
    const config = parseLlavaConfig(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')), 'config.json');
    const { shape, visualTokens, parameters } = await readModelSize(folder);
    expect(modelShape(config).vision).toMatchObject(shape.vision);
    expect(modelShape(config).decoder).toMatchObject(shape.decoder);
    expect({ visualTokens, parameters }).toEqual({
      visualTokens: visualTokensPerImage(config),
      parameters: parameterCount(config),
    });
  },
);

it('takes what is left out of a config.json as transformers does: LLaVA-1.5', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model_type: 'llava', text_config: {} }));
  const { shape, visualTokens } = await readModelSize(folder);
  expect(visualTokens).toBe(576);
  expect(shape.decoder).toMatchObject({
    layers: 32,
    hiddenSize: 4096,
    intermediateSize: 11008,
    heads: 32,
    kvHeads: 32,
    headDim: 128,
  });
  expect(shape.vision).toMatchObject({ layers: 23, hiddenSize: 1024, imageSize: 336, patchSize: 14 });
});

it('says what is wrong with a folder that is no model', async () => {
  const folder = temporaryFolder();
  await expect(readModelSize(folder)).rejects.toThrow('A model is a folder with config.json');
  mkdirSync(join(folder, 'a'));
  const file = join(folder, 'a', 'config.json');
  for (const [text, message] of [
    ['{', 'is not valid JSON'],
    ['{"model_type": "gpt2"}', 'model_type'],
    ['{"model_type": "llava", "text_config": {"hidden_size": -1}}', 'text_config.hidden_size: must be 1 or more'],
  ] as const) {
    writeFileSync(file, text);
    await expect(readModelSize(join(folder, 'a'))).rejects.toThrow(message);
  }
  expect(namedSizes()).toContain('tiny');
  expect(readFileSync(file, 'utf8')).toBeTruthy();
});
