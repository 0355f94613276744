import type { Checkpoint } from '../../src/main/engine/train/checkpoint-format.ts';
import { INITIAL_STATE } from '../../src/main/engine/train/loop-state.ts';
import { tinyWeights, TINY } from './tiny-model.ts';

/** A checkpoint of the tiny model at a position; its tensors hold the step's number, so that two can be told apart. */
export function tinyCheckpoint(step: number, microBatch = 0): Checkpoint {
  const weights = tinyWeights();
  const optimizer: Checkpoint['optimizer'] = new Map();
  for (const [name, { shape, data }] of weights) {
    data.fill(step, 0, 1);
    const moment = { shape, data: new Float32Array(data.length).fill(step) };
    optimizer.set(`m/${name}`, moment).set(`v/${name}`, moment);
    if (microBatch > 0) optimizer.set(`gradient/${name}`, moment);
  }
  const companions = { 'tokenizer.json': '{"model": 1}', 'preprocessor_config.json': '{}' };
  return { config: TINY, weights, optimizer, companions, state: { ...INITIAL_STATE, step, microBatch } };
}
