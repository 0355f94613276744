import { z } from 'zod';

const numbers = z.array(z.number());
/** Images of each row; a file of one row may give them flat. */
const perRow = z.union([z.array(numbers), numbers]);

const content = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image') }),
]);
const messages = z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.array(content) }));

const tokenized = z.object({
  text: z.string(),
  ids: numbers,
  ids_without_special: numbers.optional(),
  decoded: z.string(),
  decoded_skip_special: z.string().optional(),
});

const compressionEntry = z.object({
  layer: z.number(),
  stride: z.number(),
  file: z.string(),
  length: z.number(),
  lengths: numbers,
  visual_tokens_after: z.number(),
  dropped_visual_tokens_per_image: z.number(),
});

const sampleRuns = z.object({
  image_of_row: perRow,
  runs: z.array(z.object({ stage: z.string(), length: z.number().optional(), lengths: numbers.optional() })),
});

const generation = z.object({
  image_of_row: perRow,
  runs: z.array(
    z.object({
      stage: z.string(),
      positions_of_fed_tokens: numbers,
      cache_length_per_layer_at_end: numbers,
    }),
  ),
});

const trainingStep = z.object({
  layer: z.number().nullable(),
  stride: z.number(),
  lr: z.number(),
  loss: z.number(),
  grad_norm: z.number(),
  length: z.number().optional(),
});

const training = z.object({
  settings: z.object({
    lr: z.number(),
    warmup_ratio: z.number(),
    steps: z.number(),
    max_grad_norm: z.number(),
  }),
  batches: z.array(numbers),
  image_of_sample: z.array(numbers),
  runs: z.record(
    z.string(),
    z.object({
      weight_decay: z.number().optional(),
      final: z.string(),
      r: z.number().optional(),
      alpha: z.number().optional(),
      /** Folders of the adapters before the training of a LoRA run; `final` is that after it. */
      init: z.string().optional(),
      log: z.array(trainingStep),
    }),
  ),
});

const attention = z.object({
  fastv: z
    .object({
      scores_from_layer_index: z.number(),
      kept: z.array(z.object({ count: z.number(), kept_indices_ascending: numbers })),
    })
    .optional(),
});

/** What is read of a reference case's `case.json`. Parts may be left out: a small case checks less. */
export const caseSchema = z.object({
  name: z.string(),
  model: z.object({ image_token_id: z.number(), pad: z.number().nullable(), visual_tokens_per_image: z.number() }),
  images: z.array(z.object({ file: z.string() })).default([]),
  preprocessing: z.object({ image_std: numbers }).optional(),
  tokenization: z
    .object({
      strings: z.array(tokenized),
      alt: z.object({ file: z.string(), strings: z.array(tokenized) }).optional(),
    })
    .optional(),
  chat: z
    .object({
      conversations: z.array(
        z.object({
          messages,
          text: z.string(),
          ids: numbers,
          labels: numbers,
          image_starts: numbers,
          prompt_text: z.string(),
          prompt_ids: numbers,
        }),
      ),
    })
    .optional(),
  batch: z.object({ image_of_row: perRow, conversations: z.array(messages).optional() }).optional(),
  parameters_without_gradient: z.array(z.string()).default([]),
  compression: z.array(compressionEntry).default([]),
  extra: z.record(z.string(), sampleRuns).default({}),
  generation: generation.optional(),
  attention: attention.optional(),
  training: training.optional(),
  tensors: z.record(z.string(), z.record(z.string(), z.object({ shape: numbers }))),
});
export type ReferenceCase = z.infer<typeof caseSchema>;
export type PerRow = z.infer<typeof perRow>;
