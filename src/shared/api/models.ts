import { z } from 'zod';
import { exportedSchema, exportOptionsSchema } from '../export.ts';
import { count } from './numbers.ts';

const size = z.int().min(1);

/** What of a model its cost depends on: `ModelShape` of cost.ts. */
export const modelShapeSchema = z.strictObject({
  vision: z.strictObject({
    layers: size,
    hiddenSize: size,
    intermediateSize: size,
    imageSize: size,
    patchSize: size,
    hasClassToken: z.boolean(),
  }),
  decoder: z.strictObject({
    layers: size,
    hiddenSize: size,
    intermediateSize: size,
    heads: size,
    kvHeads: size,
    headDim: size,
    vocabSize: size,
  }),
});

/** A model that can be trained from, asked or evaluated. */
const modelSchema = z.strictObject({
  /** As a recipe names it: a named size, or a folder relative to the workspace. */
  id: z.string(),
  label: z.string(),
  /** `size`: random weights, can be trained only. */
  kind: z.enum(['size', 'folder', 'final', 'checkpoint']),
  description: z.string(),
  /** Run that made it. */
  run: z.string().optional(),
  /** Of that run: a vision tower's model has a decoder that was not trained. */
  phase: z.enum(['instruct', 'vision']).optional(),
  step: count.optional(),
  /** Decoder layers. */
  depth: size,
  imageSize: size,
  /** Visual tokens of an image lie in rows of `gridWidth`. */
  gridWidth: size,
  gridHeight: size,
  visualTokensPerImage: size,
  /** Absent where the vocabulary is not known yet: it comes from the training data. */
  parameters: count.optional(),
  /** For FLOPs; of a named size with a vocabulary of 1. */
  shape: modelShapeSchema,
  bytes: count.optional(),
  /** Its weights are a LoRA adapter beside those of a base model. */
  hasAdapter: z.boolean().optional(),
  /** Values of the adapter's matrices A and B. */
  adapterParameters: count.optional(),
  savedAt: z.string().optional(),
});
export type StudioModel = z.infer<typeof modelSchema>;

/** `GET /models`. `unusable`: folders that look like models, and why they are none. */
export const modelListSchema = z.strictObject({
  models: z.array(modelSchema),
  unusable: z.array(z.strictObject({ path: z.string(), reason: z.string() })),
});

/** `POST /models/exports`: writes a model as a folder that Python opens. */
export const newExportSchema = exportOptionsSchema.omit({ step: true }).extend({
  /** Id of `GET /models`, no size. */
  model: z.string().min(1).max(4096),
  /** Absolute, or relative to the workspace; below the root or in the workspace. */
  folder: z.string().min(1).max(4096),
});
export type NewExport = z.output<typeof newExportSchema>;

/** An export of this studio's. `GET /models/exports/:id`; how far it is, its job tells. */
export const modelExportSchema = z.strictObject({
  id: z.string(),
  /** Of `GET /jobs`. */
  job: z.string(),
  /** Absent until it is done. */
  exported: exportedSchema.optional(),
});
export type ModelExport = z.infer<typeof modelExportSchema>;
