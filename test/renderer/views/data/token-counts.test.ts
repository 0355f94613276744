import { describe, expect, it } from 'vitest';
import { fullCount, stageCounts } from '../../../../src/renderer/src/views/data/tokens/token-counts.ts';

const LLAVA = { depth: 32, visualTokensPerImage: 576 };
const one = { groups: 1, textTokens: 62 };
const stage = (compression: string) => ({ compression, compressor: 'average-pool' as const });

describe('tokens of a sample', () => {
  it('are the paper’s without compression: 18,432 for one image of LLaVA-1.5', () => {
    const full = fullCount(one, LLAVA);
    expect(full.summedVisual).toBe(18_432);
    expect(full.compressionRatio).toBe(100);
    expect([full.firstLayer, full.lastLayer]).toEqual([638, 638]);
  });

  it('fall at the layer of each stage', () => {
    const plan = { stages: [stage('2/8'), stage('none')], stageDepth: 32 };
    const [heavy, none] = stageCounts(one, LLAVA, plan);
    expect(heavy).toMatchObject({ compression: '2/8', firstLayer: 638, lastLayer: 134, summedVisual: 3312 });
    expect(heavy).toHaveProperty('compressionRatio', (100 * 18_432) / 3312);
    expect(none).toMatchObject({ compression: 'none', summedVisual: 18_432 });
  });

  it('follow the depth of the model, as a training does', () => {
    const plan = { stages: [stage('16/8')], stageDepth: 32 };
    const [count] = stageCounts({ groups: 8, textTokens: 20 }, { depth: 4, visualTokensPerImage: 64 }, plan);
    expect(count).toMatchObject({ compression: '2/8', visualPerLayer: [512, 512, 64, 64] });
  });

  it('of text alone are not compressed', () => {
    const [count] = stageCounts({ groups: 0, textTokens: 20 }, LLAVA, { stages: [stage('2/8')], stageDepth: 32 });
    expect(count).toMatchObject({ summedVisual: 0, compressionRatio: 100, firstLayer: 20, lastLayer: 20 });
  });

  it('leave totals out where the text was not counted', () => {
    const count = fullCount({ groups: 1, textTokens: undefined }, LLAVA);
    expect(count.firstLayer).toBeUndefined();
    expect(count.visualPerLayer[0]).toBe(576);
  });

  it('say why a stage cannot run', () => {
    const plan = { stages: [stage('1/128'), stage('none')], stageDepth: 4 };
    const [impossible, possible] = stageCounts(one, { depth: 4, visualTokensPerImage: 64 }, plan);
    expect(impossible).toEqual({
      compression: '1/128',
      problem: 'stride must be at most 64, the visual tokens of an image or frame that reach layer 1',
    });
    expect(possible).toHaveProperty('summedVisual', 256);
  });
});
