import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { InputError } from '../../../shared/errors.ts';
import type { RopeScaling, TextConfig } from './config.ts';
import { absent, only, positive, scale } from './huggingface-fields.ts';

// Rotary settings have two spellings: `rope_scaling` beside `rope_theta` (transformers 4), and `rope_parameters`, which
// holds the base too (transformers 5).

const type = z.enum(['default', 'linear', 'dynamic', 'llama3']);
const byLayer = absent('rotary settings that differ between layers are not supported');

const fieldsSchema = z.looseObject({
  rope_theta: scale.nullish(),
  rope_type: type.nullish(),
  /** The older name of `rope_type`, which is believed first. */
  type: type.nullish(),
  factor: z.number().min(1).nullish(),
  low_freq_factor: scale.nullish(),
  high_freq_factor: scale.nullish(),
  original_max_position_embeddings: positive.nullish(),
  partial_rotary_factor: only(1, 'rotary positions over part of a head are not supported'),
  full_attention: byLayer,
  sliding_attention: byLayer,
});
type RopeJson = z.output<typeof fieldsSchema>;

const NEEDED: Record<RopeScaling['type'], readonly ('factor' | 'low_freq_factor' | 'high_freq_factor')[]> = {
  default: [],
  linear: ['factor'],
  dynamic: ['factor'],
  llama3: ['factor', 'low_freq_factor', 'high_freq_factor'],
};

const typeOf = (json: RopeJson): RopeScaling['type'] => json.rope_type ?? json.type ?? 'default';

/** Either spelling. */
export const ropeSchema = fieldsSchema.superRefine((json, context) => {
  for (const name of NEEDED[typeOf(json)]) {
    const message = `is missing: ${typeOf(json)} scaling needs a number`;
    if (typeof json[name] !== 'number') context.addIssue({ code: 'custom', path: [name], message });
  }
  const { low_freq_factor: low, high_freq_factor: high } = json;
  if (typeOf(json) === 'llama3' && low && high && low >= high)
    context.addIssue({
      code: 'custom',
      path: ['high_freq_factor'],
      message: `must be more than low_freq_factor (${low})`,
    });
});

/** What of `text_config` the rotary positions follow from. */
export interface RopeKeys {
  readonly rope_theta?: number | null | undefined;
  readonly rope_parameters?: RopeJson | null | undefined;
  readonly rope_scaling?: RopeJson | null | undefined;
  readonly original_max_position_embeddings?: number | null | undefined;
  readonly max_position_embeddings: number;
}

/** transformers' `RotaryEmbeddingConfigMixin.default_theta`. */
const DEFAULT_THETA = 10_000;

type Rope = Pick<TextConfig, 'ropeTheta' | 'ropeScaling'>;

function scalingOf(json: RopeJson, keys: RopeKeys): RopeScaling {
  const type = typeOf(json);
  if (type === 'default') return { type };
  const factor = json.factor as number;
  if (type !== 'llama3') return { type, factor };
  return {
    type,
    factor,
    lowFrequencyFactor: json.low_freq_factor as number,
    highFrequencyFactor: json.high_freq_factor as number,
    originalMaxPositions:
      keys.original_max_position_embeddings ?? json.original_max_position_embeddings ?? keys.max_position_embeddings,
  };
}

/**
 * Base and scaling of the rotary positions, from either spelling.
 *
 * @throws InputError where the two spellings disagree: transformers' versions would differ in which they believe
 */
export function ropeConfig(keys: RopeKeys, file: string): Rope {
  const { rope_theta: theta, rope_parameters: parameters, rope_scaling: scaling } = keys;
  const inside = parameters?.rope_theta;
  if (theta && inside && theta !== inside)
    throw disagreement(file, 'rope_theta', theta, `rope_parameters.rope_theta (${inside})`);
  const read = (json: RopeJson): Rope => ({
    ropeTheta: json.rope_theta ?? theta ?? DEFAULT_THETA,
    ropeScaling: scalingOf(json, keys),
  });
  const isGiven = (json: RopeJson | null | undefined): json is RopeJson => !!json && Object.keys(json).length > 0;
  if (isGiven(scaling) && isGiven(parameters) && !isDeepStrictEqual(read(scaling), read(parameters)))
    throw disagreement(file, 'rope_scaling', scaling, `rope_parameters (${JSON.stringify(parameters)})`);
  return read(isGiven(scaling) ? scaling : (parameters ?? {}));
}

const disagreement = (file: string, field: string, value: unknown, other: string): InputError =>
  new InputError({ file, field: `text_config.${field}`, value, rule: `must equal ${other}` });

function scalingToJson(scaling: RopeScaling): Record<string, unknown> {
  if (scaling.type === 'default') return { rope_type: 'default' };
  if (scaling.type !== 'llama3') return { rope_type: scaling.type, factor: scaling.factor };
  return {
    rope_type: scaling.type,
    factor: scaling.factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalMaxPositions,
  };
}

/** Both spellings: readers before transformers 5 know only the first, later ones write only the second. */
export function ropeToJson({ ropeTheta, ropeScaling }: Rope): Record<string, unknown> {
  const scaling = scalingToJson(ropeScaling);
  return {
    rope_theta: ropeTheta,
    ...(ropeScaling.type === 'default' ? {} : { rope_scaling: scaling }),
    rope_parameters: { rope_theta: ropeTheta, ...scaling },
  };
}
