import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { TEXT_TYPES } from '../model/huggingface-text.ts';
import { VISION_TYPES } from '../model/huggingface-vision.ts';

const typesSchema = z.object({
  vision_config: z.object({ model_type: z.string() }),
  text_config: z.object({ model_type: z.string() }),
});
const SUPPORTED: readonly string[] = [...VISION_TYPES, ...TEXT_TYPES];

/** Why the engine cannot run a model folder whatever its numbers are: its family is none of ours. Undefined where it can try. */
export async function unsupportedModel(dir: string): Promise<string | undefined> {
  const text = await readFile(join(dir, 'config.json'), 'utf8').catch(() => undefined);
  // A missing or broken configuration is for the model's loader to report.
  const types = text === undefined ? undefined : typesSchema.safeParse(safeJson(text)).data;
  if (!types) return undefined;
  const others = [types.vision_config.model_type, types.text_config.model_type].filter(
    (type) => !SUPPORTED.includes(type),
  );
  if (others.length === 0) return undefined;
  return `${others.join(' and ')} not supported: ${SUPPORTED.join(', ')} are`;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
