/** LoRA adapters as peft keeps them, as far as the studio shows them. Whether one can be loaded is the engine's to say. */
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { codeOf, InputError } from '../../../shared/errors.ts';

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
/** A longer header belongs to no adapter. */
const LONGEST_HEADER = 100_000_000;

const configSchema = z.looseObject({ base_model_name_or_path: z.string().min(1) });
const headerSchema = z.record(z.string(), z.looseObject({ shape: z.array(z.int().min(0)).optional() }));

/** Whether a folder holds an adapter rather than a whole model. */
export const isAdapterFolder = (folder: string): boolean => existsSync(join(folder, CONFIG));

/** Whether a folder holds a model: a whole one, or an adapter. */
export const holdsModel = (folder: string): boolean =>
  existsSync(join(folder, 'config.json')) || isAdapterFolder(folder);

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new InputError({ file, rule: 'is not valid JSON' }, { cause: error });
  }
}

/**
 * Folder of the model that an adapter stands beside: absolute, or relative to the adapter or to the workspace.
 *
 * @param workspace absolute
 * @throws InputError where it names none, or none that is here
 */
export async function baseFolderOf(folder: string, workspace: string): Promise<string> {
  const file = join(folder, CONFIG);
  const parsed = configSchema.safeParse(parseJson(await readFile(file, 'utf8'), file));
  const field = 'base_model_name_or_path';
  const hint = 'Write the path of the base model’s folder into this field';
  if (!parsed.success) throw new InputError({ file, field, rule: 'must name the base model', hint });
  const value = parsed.data.base_model_name_or_path;
  const found = [resolve(folder, value), resolve(workspace, value)].find((dir) => existsSync(join(dir, 'config.json')));
  if (found === undefined) throw new InputError({ file, field, value, rule: 'is no model folder here', hint });
  return found;
}

async function readHeader(file: string): Promise<string> {
  const handle = await open(file).catch((error: unknown) => {
    throw new InputError({ file, rule: `cannot be read (${codeOf(error) ?? ''})` }, { cause: error });
  });
  try {
    const prefix = Buffer.alloc(8);
    const { bytesRead } = await handle.read(prefix, 0, 8, 0);
    const length = bytesRead === 8 ? Number(prefix.readBigUInt64LE(0)) : Infinity;
    if (length > LONGEST_HEADER || length + 8 > (await handle.stat()).size) {
      throw new InputError({ file, rule: 'is no safetensors file, or is cut off' });
    }
    const header = Buffer.alloc(length);
    await handle.read(header, 0, length, 8);
    return header.toString('utf8');
  } finally {
    await handle.close();
  }
}

/** Values of an adapter's A and B, of modules trained whole beside them nothing. @throws InputError */
export async function adapterParameters(folder: string): Promise<number> {
  const file = join(folder, WEIGHTS);
  const header = headerSchema.safeParse(parseJson(await readHeader(file), file));
  if (!header.success) throw new InputError({ file, rule: 'is no safetensors file' });
  return Object.entries(header.data)
    .filter(([name]) => /\.lora_[AB]\.weight$/.test(name))
    .reduce((total, [, { shape = [] }]) => total + shape.reduce((product, length) => product * length, 1), 0);
}
