import { z } from 'zod';
import { formatCompression, parseCompression } from './compression.ts';
import { COMPRESSORS } from './compressors.ts';
import { CONVERSATION_CHOICES } from './conversation.ts';
import { InputError } from './errors.ts';
import { DEFAULT_FRAMES, frameSamplingSchema } from './frames.ts';
import { PRECISIONS } from './precision.ts';
import { loraSchema } from './recipe-lora.ts';

// A recipe as its YAML file holds it: the same names in file, command line and user interface. Every object is strict, so
// an unknown key is an error. Paths are relative to the working directory.

const text = z.string().min(1).max(1000);
const count = z.int().min(1).max(1_000_000_000);
const layerCount = z.int().min(1).max(1000);
const momentum = z.number().min(0).lt(1);

/** A preset's name: that of its file in resources/recipes. */
const presetName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'must be the name of a preset: a-z, 0-9 and -');

const general = {
  /** Name of the run. */
  name: z.string().min(1).max(100),
  description: z.string().max(10_000).default(''),
  /** Seeds every random stream: initial weights, shuffling, augmentation. */
  seed: z.int().min(0).max(0xffffffff).default(0),
};

const modelSchema = z.strictObject({
  /** A named size in resources/models (random weights) or a Hugging Face model folder. */
  from: text,
  /** Model folder whose vision tower replaces that of `from`. */
  tower: text.optional(),
  /** Model folder or run whose projector replaces that of `from`, as LLaVA's `pretrain_mm_mlp_adapter`. */
  projector: text.optional(),
});

const dataSchema = z.strictObject({
  /** LLaVA conversations, JSON or JSONL. */
  train: text,
  /** Folder that image paths are relative to; by default `images` beside the `train` file. */
  images: text.optional(),
  /** Longest row in tokens before compression, visual tokens included; longer ones are cut. */
  maxLength: z.int().min(2).max(1_000_000).default(2048),
  /** `multi`: a conversation is one row. `single`: every question with its answer is one. A number: at most so many turns are. */
  turns: z.union([z.enum(['multi', 'single']), z.int().min(1).max(10_000)]).default('multi'),
  /**
   * How conversations are written. `auto`: captions alone where only the projector is trained, else by the model's own chat
   * template, else as LLaVA trains the decoder's family. The others are LLaVA's: `plain`, `v1` (Vicuna), `mistral`, `qwen`.
   */
  conversation: z.enum(CONVERSATION_CHOICES).default('auto'),
  /** Frames of a video: so many, spread evenly, or `{ fps, maximum }`. */
  frames: frameSamplingSchema.default(DEFAULT_FRAMES),
});

const trainSchema = z.strictObject({
  /** What is trained: projector and decoder, the projector alone, or adapters beside the decoder's linear maps. */
  parts: z.enum(['full', 'projector', 'lora']).default('full'),
  /** Adapters; where parts is lora and this is absent, as in LLaVA-1.5. */
  lora: loraSchema.optional(),
  /** Train only so many of the decoder's last layers, with what lies behind them; by default all, embeddings included. */
  decoderLayers: layerCount.optional(),
  projector: z.enum(['trained', 'frozen']).default('trained'),
  visionTower: z.enum(['frozen', 'trained']).default('frozen'),
  /** Of a trained vision tower, only so many of the last layers that its features come through. */
  visionLayers: layerCount.optional(),
  /** Run a frozen vision tower once per image and keep its features. */
  cacheFeatures: z.boolean().default(false),
  /** Of matrix products. Weights, gradients, sums and the optimizer are float32 in any case. */
  precision: z.enum(PRECISIONS).default('float32'),
  /** Keep only the inputs of decoder layers and compute the rest again in the backward pass: less memory, more time. */
  gradientCheckpointing: z.boolean().default(false),
});

const learningRate = z.number().gt(0).lte(100);

const optimizerSchema = z.strictObject({
  /** Highest learning rate of the run. */
  lr: learningRate,
  /** Part of the optimizer steps over which the learning rate rises from 0. */
  warmupRatio: z.number().min(0).max(1).default(0.03),
  schedule: z.enum(['cosine', 'linear', 'constant']).default('cosine'),
  /** Decoupled (AdamW). */
  weightDecay: z.number().min(0).max(100).default(0),
  betas: z.tuple([momentum, momentum]).default([0.9, 0.999]),
  epsilon: z.number().gt(0).lte(1).default(1e-8),
  /** Gradients of a larger global norm are scaled down to it. */
  maxGradNorm: z.number().gt(0).max(1e9).default(1),
  /** Samples per optimizer step. */
  batchSize: count,
  /** Micro-batches per optimizer step. */
  accumulate: count.default(1),
  /** Length of the run: `steps` (optimizer steps) or `epochs` (passes over the data). */
  steps: count.optional(),
  epochs: z.number().gt(0).max(1_000_000).optional(),
});

const checkpointSchema = z.strictObject({
  /** Optimizer steps between two checkpoints. */
  every: count.default(100),
  /** Checkpoints that are kept, the newest ones. */
  keep: count.default(3),
});

const stageSchema = z
  .strictObject({
    share: z.number().gt(0).max(1).optional(),
    until: count.optional(),
    compression: z.string().max(200),
    /** Of the points that name none. */
    compressor: z.enum(COMPRESSORS).default('average-pool'),
  })
  .transform((stage, context) => {
    try {
      const compression = parseCompression(stage.compression, stage.compressor);
      return { ...stage, compression: formatCompression(compression, stage.compressor) };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      context.addIssue({ code: 'custom', path: ['compression'], message: error.problem.rule });
      return z.NEVER;
    }
  });

/** Depth of the decoders of the paper (7B), which layers are given for unless a recipe says otherwise. */
export const PAPER_DEPTH = 32;

/** Parts of a model that may have a learning rate of their own. */
export type ModelPart = 'projector' | 'decoder' | 'visionTower';

const instructOptimizerSchema = optimizerSchema.extend({
  /** Highest learning rates of single parts; the others have `lr`. Adapters belong to the decoder. */
  lrs: z
    .strictObject({
      projector: learningRate.optional(),
      decoder: learningRate.optional(),
      visionTower: learningRate.optional(),
    })
    .optional(),
});

export const instructFields = z.strictObject({
  ...general,
  /** Train projector and decoder on conversations. */
  phase: z.literal('instruct'),
  model: modelSchema,
  data: dataSchema,
  train: trainSchema.prefault({}),
  optimizer: instructOptimizerSchema,
  checkpoint: checkpointSchema.prefault({}),
  /** The stages, or the name of a preset whose stages are taken: one of the two. */
  stages: z.array(stageSchema).min(1).max(100).optional(),
  scheme: presetName.optional(),
  /** Decoder depth that the layers of `stages` are given for; they are scaled to the model's. */
  stageDepth: z.int().min(1).max(1000).optional(),
});

export const visionFields = z.strictObject({
  ...general,
  /** Train the vision tower alone, by classifying answers. */
  phase: z.literal('vision'),
  model: modelSchema,
  data: dataSchema.pick({ train: true, images: true }),
  vision: z
    .strictObject({
      /** `flips-and-shifts`: each image is flipped, transposed and shifted at random, which its answers must not depend on. */
      augment: z.enum(['none', 'flips-and-shifts']).default('flips-and-shifts'),
      /** Largest shift in pixels of the model's input. */
      maximumShift: z.int().min(0).max(1000).default(6),
      /** A question asked this often in the training data gets a classification head over its answers. */
      minimumQuestionCount: count.default(100),
      /** A question with fewer different answers gets no head: 3 leaves out yes and no. */
      minimumAnswers: z.int().min(2).max(1_000_000).default(2),
    })
    .prefault({}),
  optimizer: optimizerSchema.extend({
    /** The vision phase takes its batches whole. */
    accumulate: z.literal(1, { error: () => 'must be 1 in the vision phase: take a smaller batchSize' }).default(1),
  }),
  checkpoint: checkpointSchema.prefault({}),
});
