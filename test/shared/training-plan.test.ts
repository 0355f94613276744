import { describe, expect, it } from 'vitest';
import { FULL, parseCompression } from '../../src/shared/compression.ts';
import { PAPER_MODELS } from '../../src/shared/paper-model.ts';
import { rowTrainingFlops } from '../../src/shared/training-cost.ts';
import { trainingPlan } from '../../src/shared/training-plan.ts';

const size = PAPER_MODELS.get('llava-1.5-7b')!;
const settings = {
  ...{ batch: 4, images: 2, textTokens: 100, compression: FULL, rank: 8, rows: 10, flopsPerSecond: 1e12 },
};

describe('the plan of a training', () => {
  const lines = trainingPlan(size, settings);

  it('has each way to train without and with gradient checkpointing', () => {
    expect(lines.map(({ parts, gradientCheckpointing: on }) => `${parts} ${on}`)).toEqual([
      ...['full false', 'full true', 'lora false', 'lora true', 'projector false', 'projector true'],
    ]);
  });

  it('trains everything but the tower, adapters with the projector, or the projector', () => {
    const projector = 1025 * 4096 + 4097 * 4096;
    const adapters = 32 * 8 * (4 * (4096 + 4096) + 3 * (4096 + 11008));
    const trained = lines.filter((line) => !line.gradientCheckpointing).map((line) => line.trainedParameters);
    expect(trained).toEqual([6_738_415_616 + projector, adapters + projector, projector]);
  });

  it('takes the exact FLOPs of its rows at the speed given, and whole batches for an epoch', () => {
    const row = { groupLengths: [576, 576], textTokens: 100, headTokens: 100 };
    const mode = { trainsDecoder: true, trainsVisionTower: false, gradientCheckpointing: false };
    const flops = 4 * rowTrainingFlops(size.shape, row, FULL, mode, { attention: 'causal' });
    expect(lines[0]).toMatchObject({ flopsPerStep: flops, secondsPerStep: flops / 1e12, stepsPerEpoch: 3 });
    expect(lines[0]?.secondsPerEpoch).toBeCloseTo((3 * flops) / 1e12, 6);
  });

  it('adds up its memory', () => {
    for (const { memory } of lines) {
      const { weights, gradients, moments, activations, engine, total } = memory;
      expect(total).toBe(weights + gradients + moments + engine + activations);
    }
  });

  it('plans rows without images, and refuses a setting that does not fit', () => {
    expect(trainingPlan(size, { ...settings, images: 0 })).toHaveLength(6);
    expect(() => trainingPlan(size, { ...settings, compression: parseCompression('32/2') })).toThrow(
      'layer must be between -1 and 31',
    );
  });
});
