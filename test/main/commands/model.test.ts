import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parsePlan } from '../../../src/main/plan/arguments.ts';
import { planText, sizeText } from '../../../src/main/plan/report.ts';
import { trainingPlan } from '../../../src/shared/training-plan.ts';

const folder = fileURLToPath(new URL('../../golden/families/siglip-qwen2/model', import.meta.url));

describe('llavolta model plan', () => {
  it('plans one row of an image and 256 text tokens unless told otherwise', async () => {
    const { settings, size, json, flopsPerSecond } = await parsePlan(['llava-1.5-7b']);
    expect(settings).toEqual({ batch: 1, images: 1, textTokens: 256, compression: [], rank: 128, rows: 665_298 });
    expect(size.shape.decoder).toMatchObject({ layers: 32, hiddenSize: 4096 });
    expect({ json, flopsPerSecond }).toEqual({ json: false, flopsPerSecond: undefined });
  });

  it('takes a batch, a length, a compression, a rank and a speed', async () => {
    const options = '--batch 16 --images 2 --length 2048 --compress 2/8 --rank 8 --rows 99 --gflops 1.5 --json';
    const { settings, json, flopsPerSecond } = await parsePlan(['llava-1.5-13b', ...options.split(' ')]);
    expect(settings).toMatchObject({ batch: 16, images: 2, textTokens: 2048 - 2 * 576, rank: 8, rows: 99 });
    expect(settings.compression).toEqual([{ layer: 2, stride: 8, compressor: 'average-pool' }]);
    expect({ json, flopsPerSecond }).toEqual({ json: true, flopsPerSecond: 1.5e9 });
  });

  it('reads a folder and the sizes that come with the program', async () => {
    expect((await parsePlan([folder])).size.shape.vision.hasClassToken).toBe(false);
    expect((await parsePlan(['tiny'])).size.shape.decoder.layers).toBe(4);
  });

  it.each([
    [[], 'needs one model folder or name'],
    [['tiny', 'small'], 'needs one model folder or name'],
    [['no-such-model'], 'Give a model folder, or one of llava-1.5-7b, llava-1.5-13b, small, tiny'],
    [['tiny', '--batch', '0'], '--batch: must be a whole number from 1'],
    [['tiny', '--rank', '1.5'], '--rank: must be a whole number'],
    [['tiny', '--gflops', 'fast'], '--gflops: must be a number above 0'],
    [['tiny', '--gflops', ''], '--gflops: must be a number above 0'],
    [['tiny', '--length', '64'], '--length: must be more than the 64 visual tokens'],
    [['tiny', '--length', '80', '--text-tokens', '9'], '--length: must not stand beside --text-tokens'],
    [['tiny', '--compress', '2:8'], "must be 'none' or points K/S"],
  ])('refuses %j', async (argv, message) => {
    await expect(parsePlan(argv)).rejects.toThrow(message);
  });

  it('says what it takes as a table', async () => {
    const request = await parsePlan(['llava-1.5-7b', '--compress', '2/8']);
    const speed = { flopsPerSecond: 1e14 };
    const text = planText(request, trainingPlan(request.size, { ...request.settings, ...speed }), speed, '--gflops');
    expect(text).toContain('llava-1.5-7b: 7,062,902,784 parameters, 576 visual tokens per image');
    expect(text).toContain('1 row of 1 image and 256 text tokens, compression 2/8');
    expect(text).toContain('speed: 100,000 GFLOP/s (--gflops)');
    // By hand: 404.8 MFLOPs for each of 3312 visual and 32 · 256 text tokens; n = 832 and 576 in two layers, 328 and 72 in thirty.
    expect(text).toContain('paper 4.66 T, FastV 1.85 T, PyramidDrop 676.98 G; with the backward pass × 3');
    expect(text).toMatch(/^projector +yes +20,979,712 +28\.3 +0\.08 +0\.17 /m);
  });

  it('counts parameters by part', async () => {
    const { size } = await parsePlan(['llava-1.5-7b']);
    expect(sizeText('llava-1.5-7b', size)).toMatch(/^projector +20,979,712$/m);
  });
});
