import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, codeOf } from '../../../shared/errors.ts';
import { readSafetensors } from './safetensors.ts';
import type { SafetensorsFile } from './safetensors.ts';
import { parseStrictJson } from './strict-json.ts';
import { validate } from './validate.ts';

export const SINGLE = 'model.safetensors';
export const INDEX = 'model.safetensors.index.json';
const PICKLE = /\.(bin|pt|pth|ckpt|pkl|pickle)$/i;

/** Where each tensor of a model is: name in the files → the open file that holds it. */
export interface WeightFiles {
  readonly holder: ReadonlyMap<string, SafetensorsFile>;
  close(): Promise<void>;
}

const indexSchema = z.object({ weight_map: z.looseObject({}) });

/** A shard must be a plain file name: an index from the net must not reach outside the model's folder. */
const shardName = z
  .string()
  .regex(/^[^/\\:\0]+\.safetensors$/, 'must be the plain name of a .safetensors file in the same folder');

/** Tensor name → shard file name, by the index of a model in several files. */
async function readIndex(folder: string): Promise<Map<string, string>> {
  const file = join(folder, INDEX);
  const json = validate(indexSchema, parseStrictJson(await readFile(file), file), file);
  const entries = Object.entries(json.weight_map);
  return new Map(entries.map(([name, shard]) => [name, validate(shardName, shard, file, `weight_map.${name}`)]));
}

async function openAll(files: readonly string[]): Promise<SafetensorsFile[]> {
  const opened: SafetensorsFile[] = [];
  try {
    for (const file of files) opened.push(await readSafetensors(file));
    return opened;
  } catch (error) {
    for (const file of opened) await file.close();
    throw error;
  }
}

function collect(files: readonly SafetensorsFile[]): WeightFiles {
  const holder = new Map<string, SafetensorsFile>();
  for (const file of files)
    for (const name of file.names) {
      const other = holder.get(name);
      if (other) throw new InputError({ file: file.file, field: name, rule: `must not also be in ${other.file}` });
      holder.set(name, file);
    }
  return {
    holder,
    close: async () => {
      for (const file of files) await file.close();
    },
  };
}

function checkIndex(index: ReadonlyMap<string, string>, { holder }: WeightFiles, folder: string): void {
  for (const [name, shard] of index)
    if (holder.get(name)?.file !== join(folder, shard))
      throw new InputError({
        file: join(folder, INDEX),
        field: `weight_map.${name}`,
        value: shard,
        rule: 'is not in that file',
      });
}

async function openShards(folder: string, present: readonly string[]): Promise<WeightFiles> {
  const index = await readIndex(folder);
  const shards = [...new Set(index.values())].sort();
  for (const shard of shards)
    if (!present.includes(shard))
      throw new InputError({
        file: join(folder, INDEX),
        value: shard,
        rule: 'names a file that is missing',
        hint: 'Download all parts of the model',
      });
  const opened = await openAll(shards.map((shard) => join(folder, shard)));
  try {
    const files = collect(opened);
    checkIndex(index, files, folder);
    return files;
  } catch (error) {
    for (const file of opened) await file.close();
    throw error;
  }
}

const CONVERT_HINT =
  'Convert the model: AutoModel.from_pretrained(folder).save_pretrained(folder, safe_serialization=True)';

function refuse(folder: string, present: readonly string[], hint: string): never {
  const pickle = present.find((name) => PICKLE.test(name));
  if (pickle === undefined) throw new InputError({ file: folder, rule: `must hold ${SINGLE} or ${INDEX}` });
  throw new InputError({
    file: join(folder, pickle),
    rule: 'is a pickle file, which can run any program when it is read, and is therefore not opened',
    hint,
  });
}

/**
 * Opens the weights of a model folder: model.safetensors, or else the shards of model.safetensors.index.json. `close`
 * what comes back. Throws an `InputError` for pickle files, missing or escaping shards and whatever breaks the format.
 *
 * @param pickleHint how pickle files of such a folder are converted
 */
export async function openWeightFiles(folder: string, pickleHint = CONVERT_HINT): Promise<WeightFiles> {
  const present = await readdir(folder).catch((error: unknown) => {
    throw new InputError(
      { file: folder, rule: `must be a folder that can be read (${codeOf(error)})` },
      { cause: error },
    );
  });
  if (present.includes(SINGLE)) return collect(await openAll([join(folder, SINGLE)]));
  if (present.includes(INDEX)) return openShards(folder, present);
  return refuse(folder, present, pickleHint);
}
