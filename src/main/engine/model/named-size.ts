import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import type { LlavaConfig } from './config.ts';
import { formatHuggingFaceConfig, parseLlavaConfig } from './huggingface-config.ts';
import { parseStrictJson } from './strict-json.ts';
import { validate } from './validate.ts';

const SIZES_FOLDER = fileURLToPath(new URL('../../../../resources/models', import.meta.url));

const count = z.number().int().min(1);
const scale = z.number().positive();

const visionSizeSchema = z.strictObject({
  imageSize: count,
  patchSize: count,
  layers: count,
  hiddenSize: count,
  intermediateSize: count,
  heads: count,
  activation: z.enum(['quick_gelu', 'gelu', 'gelu_pytorch_tanh']),
  layerNormEps: scale,
  initializerRange: scale,
  initializerFactor: scale,
});

const textSizeSchema = z.strictObject({
  layers: count,
  hiddenSize: count,
  intermediateSize: count,
  heads: count,
  kvHeads: count,
  headDim: count,
  rmsNormEps: scale,
  ropeTheta: scale,
  maxPositions: count,
  tieWordEmbeddings: z.boolean(),
  initializerRange: scale,
});

/**
 * The size of a model that is built from scratch; the tokenizer's numbers are added once it is trained on the text.
 * `featureLayer` is -1 in our sizes: LLaVA reads CLIP's last layer but one because contrastive training specialises the
 * last one for the class token; a tower trained for our own task has no such layer to skip.
 */
const sizeSchema = z.strictObject({
  description: z.string(),
  vision: visionSizeSchema,
  text: textSizeSchema,
  /** How its decoder starts, where not as transformers' would: see `DecoderStart`. */
  start: z.strictObject({ embeddingRange: scale.optional(), scaleResidual: z.boolean().optional() }).default({}),
  featureLayer: z.number().int(),
  featureSelect: z.enum(['default', 'full']),
  projectorBias: z.boolean(),
});
export type NamedSize = z.output<typeof sizeSchema>;

/** What a model must know of its tokenizer. */
export interface VocabularyIds {
  readonly vocabSize: number;
  readonly imageTokenId: number;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number;
  readonly padTokenId: number | null;
}

/** Names of the sizes in resources/models. */
export function namedSizes(): string[] {
  const files = readdirSync(SIZES_FOLDER).filter((name) => name.endsWith('.json'));
  return files.map((name) => name.slice(0, -'.json'.length)).sort();
}

/** The size called `name` (`tiny`, `small`). Throws an `InputError` that lists the names there are. */
export function resolveModel(name: string): NamedSize {
  const known = namedSizes();
  if (!known.includes(name))
    throw new InputError({
      field: 'model',
      value: name,
      rule: `must be a named size (${known.join(', ')}) or a model folder`,
    });
  const file = join(SIZES_FOLDER, `${name}.json`);
  return validate(sizeSchema, parseStrictJson(readFileSync(file), file), file);
}

/** What the decoder of every named size is. */
const PLAIN_LLAMA = {
  family: 'llama',
  ropeScaling: { type: 'default' },
  attentionBias: 'none',
  mlpBias: false,
} as const satisfies Partial<LlavaConfig['text']>;

/** The configuration of a new model: a size and a vocabulary. It passes the same checks as a configuration from a file. */
export function configOfSize(size: NamedSize, ids: VocabularyIds): LlavaConfig {
  const { vocabSize, imageTokenId, bosTokenId, eosTokenId, padTokenId } = ids;
  const config: LlavaConfig = {
    vision: { family: 'clip', ...size.vision },
    text: { ...PLAIN_LLAMA, ...size.text, vocabSize, bosTokenId, eosTokenIds: [eosTokenId], padTokenId },
    featureLayer: size.featureLayer,
    featureSelect: size.featureSelect,
    imageTokenId,
    projectorActivation: 'gelu',
    projectorBias: size.projectorBias,
  };
  return parseLlavaConfig(JSON.parse(formatHuggingFaceConfig(config)), 'the new model');
}
