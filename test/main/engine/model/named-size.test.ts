import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { visualTokensPerImage } from '../../../../src/main/engine/model/config.ts';
import { configOfSize, namedSizes, resolveModel } from '../../../../src/main/engine/model/named-size.ts';
import { processorFiles } from '../../../../src/main/engine/model/processor-config.ts';
import { parseLlavaConfig } from '../../../../src/main/engine/model/huggingface-config.ts';
import { parameterCount } from '../../../helpers/parameter-count.ts';
import { REFERENCE, hasReference } from '../../../helpers/reference.ts';

const ids = { vocabSize: 512, imageTokenId: 511, bosTokenId: 1, eosTokenId: 2, padTokenId: 0 };
const text = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');

describe('named sizes', () => {
  it('there are tiny and small', () => {
    expect(namedSizes()).toEqual(['small', 'tiny']);
  });

  it.each([
    ['tiny', 64, 4, 2],
    ['small', 64, 6, 4],
  ])('%s: %i visual tokens, %i decoder layers, %i key heads', (name, visualTokens, layers, kvHeads) => {
    const config = configOfSize(resolveModel(name), ids);
    expect(visualTokensPerImage(config)).toBe(visualTokens);
    expect(config.text).toMatchObject({
      layers,
      kvHeads,
      hiddenSize: 128,
      heads: 4,
      headDim: 32,
      intermediateSize: 352,
      ...textIds,
    });
    expect(config.vision).toMatchObject({ layers: 2, hiddenSize: 96, heads: 4, intermediateSize: 384, imageSize: 64 });
    expect(config).toMatchObject({ featureLayer: -1, featureSelect: 'default', imageTokenId: 511 });
  });

  it('have 1.1 and 1.6 million weights with a vocabulary of 512', () => {
    expect(parameterCount(configOfSize(resolveModel('tiny'), ids))).toBe(1_147_264);
    expect(parameterCount(configOfSize(resolveModel('small'), ids))).toBe(1_614_720);
  });

  it.each(['huge', '', '../models/tiny', '__proto__'])('the name %j is refused with the names there are', (name) => {
    expect(() => resolveModel(name)).toThrow('must be a named size (small, tiny) or a model folder');
  });

  it('a token outside the vocabulary is refused', () => {
    expect(() => configOfSize(resolveModel('tiny'), { ...ids, imageTokenId: 512 })).toThrow(
      'image_token_index: must be below',
    );
  });
});

const { vocabSize, bosTokenId, eosTokenId, padTokenId } = ids;
const textIds = { vocabSize, bosTokenId, eosTokenIds: [eosTokenId], padTokenId };

describe('files beside a new model', () => {
  it.skipIf(!hasReference)('are the reference model’s, for its size (needs ../shared/reference)', () => {
    const folder = `${REFERENCE}/clip-llama/model`;
    const read = (name: string): string => readFileSync(`${folder}/${name}`, 'utf8');
    const files = processorFiles(parseLlavaConfig(JSON.parse(read('config.json')), 'config.json'));
    for (const name of ['preprocessor_config.json', 'processor_config.json'] as const)
      expect(JSON.parse(files[name])).toEqual(JSON.parse(read(name)));
    expect(text('resources/chat-templates/llava-v1.jinja')).toBe(read('chat_template.jinja'));
  });

  it('resize to the tower’s input and normalise as CLIP does', () => {
    const files = processorFiles(configOfSize(resolveModel('small'), ids));
    expect(JSON.parse(files['preprocessor_config.json'])).toMatchObject({
      crop_size: { height: 64, width: 64 },
      size: { shortest_edge: 64 },
      image_mean: [0.48145466, 0.4578275, 0.40821073],
      image_std: [0.26862954, 0.26130258, 0.27577711],
      image_processor_type: 'CLIPImageProcessor',
    });
    expect(JSON.parse(files['processor_config.json'])).toMatchObject({ patch_size: 8, image_token: '<image>' });
  });
});
