import { z } from 'zod';
import { recipeSchema } from '../recipe.ts';
import { probedRunSchema, probedStageSchema } from '../probe.ts';
import { failureSchema } from '../run-record.ts';
import { amount, count } from './numbers.ts';

/** A recipe that comes with the program. */
const presetSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  phase: z.enum(['instruct', 'vision']),
  /** `paper`: its settings need a 7B model; `local`: trains on what the demo and the named sizes bring. */
  group: z.enum(['paper', 'local']),
  yaml: z.string(),
  recipe: recipeSchema,
  /** Its stages, also where the file names those of another preset. */
  stages: z.array(
    z.strictObject({
      share: z.number().optional(),
      until: count.optional(),
      compression: z.string(),
      compressor: z.string(),
    }),
  ),
  /** Depth that the layers of `stages` are given for. */
  stageDepth: count,
});
export type Preset = z.infer<typeof presetSchema>;

/** `GET /recipes`. */
export const presetListSchema = z.strictObject({ presets: z.array(presetSchema) });

/** `POST /recipes/check`, `/preflight`, `/probe`. */
export const recipeTextSchema = z.strictObject({ yaml: z.string().max(1_000_000) });

/** Something wrong with one field, for a form. */
const fieldProblemSchema = z.strictObject({
  /** `optimizer.lr`, `stages[1].share`; empty where it is the recipe as a whole. */
  field: z.string(),
  path: z.array(z.union([z.string(), z.int()])),
  value: z.unknown().optional(),
  rule: z.string(),
  hint: z.string().optional(),
  /** Place in the text, from 1. */
  line: count.optional(),
  column: count.optional(),
});
export type FieldProblem = z.infer<typeof fieldProblemSchema>;

/** The recipe where it is sound, and all of its problems where it is not. */
export const recipeCheckSchema = z.strictObject({
  recipe: recipeSchema.optional(),
  problems: z.array(fieldProblemSchema),
});
export type RecipeCheck = z.infer<typeof recipeCheckSchema>;

const preflightItemSchema = z.strictObject({
  /** What was looked at: `model`, `data`, `stages`, `length`, `disk`, `memory` … */
  id: z.string(),
  level: z.enum(['ok', 'warning', 'error']),
  title: z.string(),
  detail: z.string(),
  whatToDo: z.string().optional(),
});
export type PreflightItem = z.infer<typeof preflightItemSchema>;

/** What a recipe comes to with its model and its data. Absent where it could not be told. */
const recipeFactsSchema = z.strictObject({
  totalSteps: count.optional(),
  samples: count.optional(),
  rows: count.optional(),
  depth: count.optional(),
  visualTokensPerImage: count.optional(),
  /** Adapters included. */
  parameters: count.optional(),
  trainedParameters: count.optional(),
  /** Means over a row. Text tokens are estimated from the bytes of the texts. */
  imagesPerRow: amount.optional(),
  textTokensPerRow: amount.optional(),
  /** Rows that the estimate finds longer than maxLength. */
  truncatedRows: count.optional(),
  /** A checkpoint's size, and what the run will keep of them. */
  checkpointBytes: count.optional(),
  diskBytes: count.optional(),
  /** Weights, gradients and moments; and activations of a micro-batch at the stage that keeps most. */
  memoryBytes: count.optional(),
  activationBytes: count.optional(),
});
export type RecipeFacts = z.infer<typeof recipeFactsSchema>;

/** `POST /recipes/preflight`: errors would stop the run, warnings would surprise. */
export const preflightSchema = z.strictObject({
  items: z.array(preflightItemSchema),
  facts: recipeFactsSchema,
});
export type Preflight = z.infer<typeof preflightSchema>;

/** A short measured training, of which nothing is kept. `POST /recipes/probe` starts it, `GET /recipes/probes/:id` tells how far it is. */
export const probeSchema = z.strictObject({
  id: z.string(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  /** Settings by stage, and how many there will be. */
  stages: z.array(probedStageSchema),
  settings: count,
  /** Measured at the end. */
  run: probedRunSchema.optional(),
  failure: failureSchema.optional(),
});
export type Probe = z.infer<typeof probeSchema>;
