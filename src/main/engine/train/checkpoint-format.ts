import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import type { WrittenAdapter } from '../model/adapter-config.ts';
import type { CompanionFiles, Model } from '../model/model-folder.ts';
import type { WeightTensor } from '../model/weight-tensor.ts';
import { CHECKPOINT_FORMAT, MANIFEST } from '../../../shared/checkpoint-manifest.ts';
import { loopStateSchema, type LoopState } from './loop-state.ts';

export { CHECKPOINT_FORMAT, MANIFEST, manifestSchema, type Manifest } from '../../../shared/checkpoint-manifest.ts';

/**
 * A checkpoint is a folder `step-N` (or `step-N.M`: N optimizer steps and M micro-batches of the next one are done):
 *
 *     config.json, model.safetensors, tokenizer and processor files    a Hugging Face model folder (large: in shards); of a LoRA run
 *                                                                      adapter_config.json, adapter_model.safetensors
 *     optimizer.safetensors                                           m/<name>, v/<name>, gradient/<name>
 *     state.json                                                      the loop state
 *     manifest.json                                                   size and SHA-256 of all of these; written last
 */
export const STATE = 'state.json';
export const OPTIMIZER = 'optimizer.safetensors';
/** Files of a checkpoint that are not part of the model. */
export const TRAINING_FILES: readonly string[] = [MANIFEST, STATE, OPTIMIZER];

/** Of a model with adapters: what is saved besides the base model. */
export interface SavedAdapter extends WrittenAdapter {
  /** Weights that are saved whole, for the base model has others. */
  readonly whole: ReadonlySet<string>;
}

/** What a checkpoint holds. Of a model with adapters, only they and what is saved whole are written. */
export interface Checkpoint extends Model {
  readonly adapter?: SavedAdapter;
  readonly optimizer: ReadonlyMap<string, WeightTensor>;
  readonly state: LoopState;
  /** Texts of tokenizer and processor files. */
  readonly companions: CompanionFiles;
}

export const stateFileSchema = z.strictObject({ format: z.literal(CHECKPOINT_FORMAT), state: loopStateSchema });

/** How far a run is. */
export interface RunPosition {
  /** Optimizer steps done. */
  readonly step: number;
  /** Micro-batches of the next one that are done. */
  readonly microBatch: number;
}

/** Folder name of the checkpoint taken at a position: `step-120`, between micro-batches `step-120.1`. */
export function checkpointName({ step, microBatch }: RunPosition): string {
  return microBatch === 0 ? `step-${step}` : `step-${step}.${microBatch}`;
}

const NAME = /^step-(0|[1-9]\d{0,14})(?:\.([1-9]\d{0,14}))?$/;

/** The position a folder name says, or undefined where it is no checkpoint's name. */
export function positionOf(name: string): RunPosition | undefined {
  const [, step, microBatch] = NAME.exec(name) ?? [];
  return step === undefined ? undefined : { step: Number(step), microBatch: Number(microBatch ?? 0) };
}

/** Negative where `a` comes before `b`. */
export function comparePositions(a: RunPosition, b: RunPosition): number {
  return a.step - b.step || a.microBatch - b.microBatch;
}

/** SHA-256 of a file's bytes, in hexadecimal. */
export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
