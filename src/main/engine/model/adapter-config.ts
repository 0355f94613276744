import { z } from 'zod';
import { loraScaling, type LoraSettings } from '../../../shared/recipe-lora.ts';
import { validate } from './validate.ts';

/** What of the settings the adapters' numbers depend on; which maps they stand beside is in their names. */
export type LoraScale = Pick<LoraSettings, 'rank' | 'alpha' | 'rslora'>;

const byModule = z.record(z.string(), z.number().gt(0)).default({});

/** What is read of peft's `adapter_config.json`. Other kinds of adapters, DoRA and biases of their own are refused: their numbers would be wrong. */
const adapterConfigSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.string().min(1).nullish(),
  r: z.int().min(1),
  lora_alpha: z.number().gt(0),
  use_rslora: z.boolean().nullish(),
  use_dora: z.literal(false).nullish(),
  fan_in_fan_out: z.literal(false).nullish(),
  bias: z.literal('none').nullish(),
  alpha_pattern: byModule,
});
export type AdapterConfig = z.output<typeof adapterConfigSchema>;

/** Checks the content of an `adapter_config.json`. @throws InputError naming file and field */
export function parseAdapterConfig(json: unknown, file: string): AdapterConfig {
  return validate(adapterConfigSchema, json, file);
}

/**
 * Factor on B·A of one linear map. `alpha_pattern` names maps by the end of their name; where several fit, the first
 * counts, as in peft.
 *
 * @param map the linear map's name as the adapter's file has it
 * @param rank rows of its A
 */
export function scalingOf({ lora_alpha, alpha_pattern, use_rslora }: AdapterConfig, map: string, rank: number): number {
  const own = Object.entries(alpha_pattern).find(([pattern]) => map === pattern || map.endsWith(`.${pattern}`));
  return loraScaling({ rank, alpha: own?.[1] ?? lora_alpha, rslora: use_rslora === true });
}

const alternatives = (values: Iterable<string>): string => `(${[...new Set(values)].join('|')})`;

/** A regular expression of the adapted maps, whatever version of transformers names them; the tower's like-named maps are left out. */
function targetPattern(maps: readonly string[]): string {
  const parts = maps.map((map) => /layers\.(\d+)\.(\w+)\.(\w+)$/.exec(map) ?? []);
  const [layers, groups, targets] = [1, 2, 3].map((i) => alternatives(parts.map((part) => part[i] ?? '')));
  return String.raw`.*language_model\.(model\.)?layers\.${layers}\.${groups}\.${targets}`;
}

/** What an `adapter_config.json` is written from. */
export interface WrittenAdapter {
  /** Folder of the base model, absolute. */
  readonly base: string;
  readonly lora: LoraScale;
}

/**
 * The text of an `adapter_config.json` that Python's peft opens.
 *
 * @param maps the adapted linear maps of the decoder
 * @param savedModules modules whose weights are in the adapter's file as a whole
 */
export function formatAdapterConfig(
  { base, lora }: WrittenAdapter,
  maps: readonly string[],
  savedModules: readonly string[],
): string {
  const config = {
    base_model_name_or_path: base,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: lora.alpha,
    lora_dropout: 0,
    modules_to_save: savedModules.length > 0 ? savedModules : null,
    peft_type: 'LORA',
    r: lora.rank,
    target_modules: targetPattern(maps),
    task_type: null,
    use_dora: false,
    use_rslora: lora.rslora,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
