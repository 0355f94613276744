import { describe, expect, it } from 'vitest';
import { parseImageProcessor } from '../../../../src/main/engine/data/image-processor.ts';
import type { ClipVisionConfig, LlavaConfig } from '../../../../src/main/engine/model/config.ts';
import type { CompanionFiles } from '../../../../src/main/engine/model/model-folder.ts';
import { processorFiles } from '../../../../src/main/engine/model/processor-config.ts';
import { processorCompanions, withSquarePadding } from '../../../../src/main/engine/model/square-padding.ts';
import { TINY } from '../../../helpers/tiny-model.ts';

const OWN = 'preprocessor_config.json';
const SHARED = 'processor_config.json';

const json = (files: CompanionFiles, name: typeof OWN | typeof SHARED): Record<string, unknown> =>
  JSON.parse(files[name] ?? '{}') as Record<string, unknown>;

const { family: _, initializerRange: __, initializerFactor: ___, ...tower } = TINY.vision as ClipVisionConfig;
const SIGLIP: LlavaConfig = { ...TINY, vision: { ...tower, family: 'siglip', hasHead: false } };

describe('square padding', () => {
  it.each([
    ['CLIP', TINY],
    ['SigLIP', SIGLIP],
  ] as const)("keeps the sizes and colours of %s's processor and adds the square", (_, config) => {
    const files = processorFiles(config);
    const before = parseImageProcessor(json(files, OWN), OWN);
    const padded = withSquarePadding(config, files);
    expect(before.padToSquare).toBe(false);
    expect(parseImageProcessor(json(padded, OWN), OWN)).toEqual({ ...before, padToSquare: true });
    expect(json(padded, SHARED)['image_processor']).toEqual(json(padded, OWN));
  });

  it('takes the settings from processor_config.json where they are nowhere else', () => {
    const { [SHARED]: shared } = processorFiles(TINY);
    const padded = withSquarePadding(TINY, { [SHARED]: shared });
    expect(json(padded, OWN)).toMatchObject({ do_pad: true, crop_size: { height: TINY.vision.imageSize } });
  });

  it('leaves the settings of a model that is not trained as they are', () => {
    const files = { ...processorFiles(TINY), 'tokenizer.json': '{}' };
    const written = processorCompanions(TINY, files);
    expect(json(written, OWN)).toEqual(json(files, OWN));
    expect(written['tokenizer.json']).toBe('{}');
  });
});
