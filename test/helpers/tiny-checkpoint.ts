import type { Checkpoint } from '../../src/main/engine/train/checkpoint-format.ts';
import type { HostTensor } from '../../src/main/engine/model/host-tensor.ts';
import { INITIAL_STATE } from '../../src/main/engine/train/loop-state.ts';
import { tinyWeights, TINY } from './tiny-model.ts';

/** A checkpoint as it is before it is saved. */
export interface CheckpointInMemory extends Checkpoint {
  readonly weights: Map<string, HostTensor>;
  readonly optimizer: Map<string, HostTensor>;
}

/** A checkpoint of the tiny model at a position; its tensors hold the step's number, so that two can be told apart. */
export function tinyCheckpoint(step: number, microBatch = 0): CheckpointInMemory {
  const weights = tinyWeights();
  const optimizer = new Map<string, HostTensor>();
  for (const [name, { shape, data }] of weights) {
    data.fill(step, 0, 1);
    const moment = { shape, data: new Float32Array(data.length).fill(step) };
    optimizer.set(`m/${name}`, moment).set(`v/${name}`, moment);
    if (microBatch > 0) optimizer.set(`gradient/${name}`, moment);
  }
  const companions = { 'tokenizer.json': '{"model": 1}', 'preprocessor_config.json': '{}' };
  return { config: TINY, weights, optimizer, companions, state: { ...INITIAL_STATE, step, microBatch } };
}
