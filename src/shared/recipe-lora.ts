import { z } from 'zod';

/** Linear maps of a decoder layer that an adapter may stand beside, under their Hugging Face names, in their order. */
export const LORA_TARGETS = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] as const;

export type LoraTarget = (typeof LORA_TARGETS)[number];

/** Low-rank adapters (Hu et al. 2021): W·x + scaling·B·(A·x). The defaults are those of LLaVA-1.5's LoRA script. */
export const loraSchema = z.strictObject({
  /** Rows of A and columns of B. */
  rank: z.int().min(1).max(4096).default(128),
  /** The update is scaled by alpha / rank. */
  alpha: z.number().gt(0).lte(1_000_000).default(256),
  /** Linear maps of a decoder layer that get an adapter; by default all. */
  targets: z
    .array(z.enum(LORA_TARGETS))
    .min(1)
    .refine((targets) => new Set(targets).size === targets.length, 'must name each linear map once')
    .default([...LORA_TARGETS]),
  /** Scale by alpha / √rank instead (rsLoRA, Kalajdzievski 2023), which keeps the update's size at high ranks. */
  rslora: z.boolean().default(false),
});

export type LoraSettings = z.output<typeof loraSchema>;

/** Settings of the adapters where a recipe names none. */
export const LORA_DEFAULTS: LoraSettings = loraSchema.parse({});

/** Factor on B·A. */
export function loraScaling({ rank, alpha, rslora }: Pick<LoraSettings, 'rank' | 'alpha' | 'rslora'>): number {
  return alpha / (rslora ? Math.sqrt(rank) : rank);
}
