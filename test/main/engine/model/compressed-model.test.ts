/** What must hold for every compressor, in a whole model. */
import { describe, expect, it } from 'vitest';
import { tf } from '../../../../src/main/engine/backend/tensorflow.ts';
import { planBatch } from '../../../../src/main/engine/model/batch-plan.ts';
import { withCompressorWeights } from '../../../../src/main/engine/model/compressor-weights.ts';
import { withDeviceBatch } from '../../../../src/main/engine/model/device-batch.ts';
import type { HostTensor } from '../../../../src/main/engine/model/host-tensor.ts';
import { llavaLoss } from '../../../../src/main/engine/model/llava.ts';
import { Parameters } from '../../../../src/main/engine/model/parameters.ts';
import { toHostTensors } from '../../../../src/main/engine/model/weight-tensor.ts';
import { lossAndGradients } from '../../../../src/main/engine/train/gradients.ts';
import { parseCompression } from '../../../../src/shared/compression.ts';
import { relativeDistance } from '../../../helpers/tensors.ts';
import { rowOf, tinyConfig, tinyPixels, tinyWeights } from '../../../helpers/tiny-model.ts';

/** 16 visual tokens an image. */
const CONFIG = tinyConfig({ vision: { imageSize: 32 } });
const SHUFFLE = parseCompression('-1/4:pixel-shuffle');
const WEIGHTS = new Map(
  [...toHostTensors(withCompressorWeights(tinyWeights(CONFIG), CONFIG, [SHUFFLE]))].map(([name, { shape, data }]) => {
    const spread = name.startsWith('compressors.') ? 0.05 : 0;
    return [name, { shape, data: data.map((value, i) => value + spread * Math.sin(i)) }];
  }),
);
const IMAGE_ROW = '1 5 #16 7 >8 >9 3 >4';
const TEXT_ROW = '1 >3 >30 4 >9';
const TWO_IMAGES = '1 #16 6 >7 #16 11 >8 >2';
const ROWS = [IMAGE_ROW, TEXT_ROW, TWO_IMAGES];

const SETTINGS = [
  ...[
    '1/4:average-pool-2d',
    '0/4:average-pool-2d+2/4:average-pool-2d',
    '-1/4:average-pool-2d',
    '-1/2:random',
    '1/4:random',
  ],
  ...['-1/4:k-means', '0/4:k-means', '2/2:k-means', '1/2:attention', '2/8:attention', '1/4:attention-all'],
  ...['0/2+1/2:attention+2/2:k-means', '-1/2:k-means+1/2:attention-all+2/2:random', '0/2:random+1/2+2/2:attention'],
  ...['0/2:pyramid-drop+1/2:pyramid-drop+2/2:pyramid-drop-kept', '1/4:sparse-vlm', '1/2:pyramid-drop+2/2:sparse-vlm'],
  ...['-1/4:pixel-shuffle+1/2:attention', '-1/4:visionzip', '-1/2:prumerge-plus+2/2:random'],
];

interface Result {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Σ cross entropy of rows, and its gradients by name. */
function run(rows: readonly string[], setting: string, weights: ReadonlyMap<string, HostTensor> = WEIGHTS): Result {
  // Named by their question, so that a row is the same one in whatever company and with whatever answer.
  const encoded = rows.map((row) => ({ ...rowOf(row), id: row.slice(0, row.indexOf('>')) }));
  const size = 3 * 32 ** 2;
  const pixels = encoded.flatMap(({ id, groups }) =>
    groups.flatMap((_, g) => [...tinyPixels(1, CONFIG, id.length + g)]),
  );
  expect(pixels.length % size).toBe(0);
  const vision = { pixels: Float32Array.from(pixels), imageSize: 32 };
  const parameters = new Parameters(weights, () => true);
  const { loss, gradients } = withDeviceBatch(planBatch(encoded, parseCompression(setting), 1), vision, (batch) =>
    parameters.withWeights((tensors) =>
      lossAndGradients((w) => llavaLoss(batch, w, CONFIG), tensors, parameters.trainedNames()),
    ),
  );
  const values = new Map([...gradients].map(([name, t]) => [name, t.dataSync().slice() as Float32Array]));
  const value = loss.dataSync()[0] as number;
  tf.dispose([loss, ...gradients.values()]);
  parameters.dispose();
  return { loss: value, gradients: values };
}

/** The weights, moved along a direction. */
function moved(direction: ReadonlyMap<string, Float32Array>, by: number): Map<string, HostTensor> {
  return new Map(
    [...WEIGHTS].map(([name, { shape, data }]) => {
      const slope = direction.get(name);
      return [name, { shape, data: slope ? data.map((value, i) => value + by * (slope[i] as number)) : data }];
    }),
  );
}

describe.each(SETTINGS)('%s', (setting) => {
  it('a mixed batch is its rows alone, added up', () => {
    const together = run(ROWS, setting);
    const alone = ROWS.map((row) => run([row], setting));
    expect(together.loss).toBeCloseTo(
      alone.reduce((sum, { loss }) => sum + loss, 0),
      4,
    );
    for (const [name, gradient] of together.gradients) {
      const added = gradient.map((_, i) => alone.reduce((sum, one) => sum + (one.gradients.get(name)?.[i] ?? 0), 0));
      if (Math.hypot(...added) > 1e-3) expect(relativeDistance(gradient, added), name).toBeLessThan(1e-4);
    }
  });

  it('the loss falls along its gradient as steeply as the gradient says', () => {
    // What PruMerge weighs by comes from the tower, and is off the tape.
    const isGiven = (name: string): boolean => setting.includes('prumerge') && name.startsWith('vision_tower.');
    const gradients = new Map([...run(ROWS, setting).gradients].filter(([name]) => !isGiven(name)));
    const norm = Math.hypot(...[...gradients.values()].map((gradient) => Math.hypot(...gradient)));
    const step = 4e-4;
    const direction = new Map([...gradients].map(([name, values]) => [name, values.map((value) => value / norm)]));
    const [up, down] = [run(ROWS, setting, moved(direction, step)), run(ROWS, setting, moved(direction, -step))];
    expect((up.loss - down.loss) / (2 * step) / norm).toBeCloseTo(1, 1.7);
  });

  it('an answer changes nothing of what was said before it', () => {
    const lossOf = (answer: string): number => run([`1 5 #16 7 ${answer}`], setting).loss;
    expect(lossOf('>8 3 12')).toBeCloseTo(lossOf('>8'), 4);
    expect(lossOf('>8 >9 12')).toBeCloseTo(lossOf('>8 >9'), 4);
    // The loss of the first word is in both.
    expect(lossOf('>8 >9')).toBeGreaterThan(lossOf('>8'));
  });
});

it('the settings all differ, so that one that did nothing would be found', () => {
  const losses = [...SETTINGS, 'none', '1/4'].map((setting) => run([IMAGE_ROW], setting).loss.toFixed(4));
  expect(new Set(losses).size).toBe(losses.length);
});
