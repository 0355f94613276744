import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTextDurably } from './durable-file.ts';
import { planTensors, writePlanned, type OutputType, type PlannedTensor } from './safetensors-write.ts';
import { INDEX, SINGLE } from './weight-files.ts';
import type { WeightTensor } from './weight-tensor.ts';

/** How weights are written. */
export interface WeightOutput {
  /** Type of the floats; by default float32. */
  readonly dtype?: OutputType;
  /** Larger models are written as several files of at most this, or one tensor. By default 5 GB, as transformers 4 does. */
  readonly shardBytes?: number;
}

const SHARD_BYTES = 5e9;
const METADATA = new Map([['format', 'pt']]);

/** Whole tensors in their order, filled into as few shards as that takes. */
function shardsOf(tensors: readonly PlannedTensor[], limit: number): PlannedTensor[][] {
  const shards: PlannedTensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    if (tensor.bytes > room || shards.length === 0) {
      shards.push([]);
      room = limit;
    }
    shards.at(-1)?.push(tensor);
    room -= tensor.bytes;
  }
  return shards;
}

const shardName = (index: number, count: number): string =>
  `model-${String(index + 1).padStart(5, '0')}-of-${String(count).padStart(5, '0')}.safetensors`;

/** The text of model.safetensors.index.json as transformers writes it. */
function indexText(shards: readonly (readonly PlannedTensor[])[]): string {
  const entries = shards.flatMap((shard, i) => shard.map(({ name }) => [name, shardName(i, shards.length)] as const));
  const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const bytes = shards.flat().reduce((total, tensor) => total + tensor.bytes, 0);
  const index = { metadata: { total_size: bytes }, weight_map: Object.fromEntries(sorted) };
  return `${JSON.stringify(index, null, 2)}\n`;
}

/** Names of weight files, so that those of an earlier model do not stay beside the new ones. */
const WEIGHT_FILE = /^model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/;

async function removeOthers(dir: string, written: readonly string[]): Promise<void> {
  for (const name of await readdir(dir))
    if (WEIGHT_FILE.test(name) && !written.includes(name)) await rm(join(dir, name));
}

/** Writes the weights of a model folder: model.safetensors, or above the limit shards with their index, written last. */
export async function writeWeightFiles(
  dir: string,
  weights: ReadonlyMap<string, WeightTensor>,
  { dtype = 'F32', shardBytes = SHARD_BYTES }: WeightOutput = {},
): Promise<void> {
  const shards = shardsOf(planTensors(weights, dtype), shardBytes);
  const [only, ...more] = shards;
  if (more.length === 0) {
    await writePlanned(join(dir, SINGLE), only ?? [], METADATA);
    await removeOthers(dir, [SINGLE]);
    return;
  }
  const names = shards.map((_, i) => shardName(i, shards.length));
  for (const [i, shard] of shards.entries()) await writePlanned(join(dir, names[i] as string), shard, METADATA);
  await writeTextDurably(join(dir, INDEX), indexText(shards));
  await removeOthers(dir, [...names, INDEX]);
}
