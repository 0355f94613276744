import { dirname } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import type { TextConfig } from './config.ts';

/** Classes and `model_type`s of the LLaVA authors' own code, by the decoder they extend. */
const FAMILIES: Readonly<Record<string, TextConfig['family']>> = {
  LlavaLlamaForCausalLM: 'llama',
  LlavaMistralForCausalLM: 'mistral',
  LlavaQwenForCausalLM: 'qwen2',
  llava_llama: 'llama',
  llava_mistral: 'mistral',
  llava_qwen: 'qwen2',
};

const namesSchema = z.looseObject({
  architectures: z.array(z.string()).nullish(),
  model_type: z.string().nullish(),
});

/**
 * The decoder of a checkpoint in the layout of the LLaVA authors' code; undefined for any other layout. Version 1.5 has
 * the `model_type` that transformers' LLaVA has too, so the class decides first.
 *
 * @param json the content of config.json
 */
export function originalFamily(json: unknown): TextConfig['family'] | undefined {
  const names = namesSchema.safeParse(json).data;
  const found = [...(names?.architectures ?? []), names?.model_type ?? ''].find((name) =>
    Object.hasOwn(FAMILIES, name),
  );
  return found === undefined ? undefined : FAMILIES[found];
}

/** Refuses the authors' layout where a Hugging Face folder is wanted. @throws InputError naming the command that converts it */
export function refuseOriginal(json: unknown, file: string): void {
  if (originalFamily(json) === undefined) return;
  throw new InputError({
    file,
    rule: "is of a checkpoint in the LLaVA authors' own layout, which is converted before it is opened",
    hint: `Convert it once: llavolta export ${dirname(file)} --to FOLDER --tower TOWER`,
  });
}
