import { parseArgs } from 'node:util';
import { formatCompression, parseCompression } from '../../shared/compression.ts';
import { InputError } from '../../shared/errors.ts';
import type { ModelSize } from '../../shared/model-size.ts';
import { LLAVA_15_ROWS, PAPER_MODELS } from '../../shared/paper-model.ts';
import { LORA_DEFAULTS } from '../../shared/recipe-lora.ts';
import type { PlanSettings } from '../../shared/training-plan.ts';
import { namedSizes, readModelSize, readNamedSize } from '../studio/models/model-shape.ts';

const OPTIONS = {
  batch: { type: 'string', default: '1' },
  images: { type: 'string', default: '1' },
  'text-tokens': { type: 'string' },
  length: { type: 'string' },
  compress: { type: 'string', default: 'none' },
  rank: { type: 'string', default: String(LORA_DEFAULTS.rank) },
  rows: { type: 'string', default: String(LLAVA_15_ROWS) },
  gflops: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

/** Text tokens of a row where neither they nor its length are given. */
const TEXT_TOKENS = 256;
/** No decoder or machine comes near it, and products of two stay exact. */
const MOST = 10_000_000;

/** A plan as it was asked for. */
export interface PlanRequest {
  readonly name: string;
  readonly size: ModelSize;
  /** Without `flopsPerSecond` the speed is to be measured. */
  readonly settings: Omit<PlanSettings, 'flopsPerSecond'>;
  readonly flopsPerSecond?: number;
  readonly json: boolean;
}

function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= MOST) return value;
  const rule = `must be a whole number from ${least} to ${MOST.toLocaleString('en')}`;
  throw new InputError({ field: `--${flag}`, value: text, rule });
}

function speedOf(text: string): number {
  const gflops = text.trim() === '' ? NaN : Number(text);
  if (Number.isFinite(gflops) && gflops > 0) return 1e9 * gflops;
  throw new InputError({ field: '--gflops', value: text, rule: 'must be a number above 0' });
}

/** The size of a released model, of one that comes with the program, or of a folder. @throws InputError */
export async function sizeOf(model: string): Promise<ModelSize> {
  const released = PAPER_MODELS.get(model);
  if (released) return released;
  if (namedSizes().includes(model)) return readNamedSize(model);
  try {
    return await readModelSize(model);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const names = [...PAPER_MODELS.keys(), ...namedSizes()].join(', ');
    throw new InputError({ ...error.problem, hint: `Give a model folder, or one of ${names}` }, { cause: error });
  }
}

interface RowFlags {
  readonly 'text-tokens'?: string | undefined;
  readonly length?: string | undefined;
}

function textTokensOf(flags: RowFlags, visual: number): number {
  const { 'text-tokens': given, length } = flags;
  if (length === undefined) return given === undefined ? TEXT_TOKENS : wholeNumber('text-tokens', given, 1);
  if (given !== undefined) {
    throw new InputError({ field: '--length', rule: 'must not stand beside --text-tokens: give one of the two' });
  }
  const text = wholeNumber('length', length, 1) - visual;
  if (text >= 1) return text;
  const rule = `must be more than the ${visual} visual tokens of the row's images`;
  throw new InputError({ field: '--length', value: length, rule });
}

/** The one model that arguments name. @throws InputError */
export function modelOf(action: string, positionals: readonly string[]): string {
  const [model, ...rest] = positionals;
  if (model !== undefined && rest.length === 0) return model;
  const rule = 'needs one model folder or name';
  throw new InputError({ field: `model ${action}`, rule, hint: 'llavolta model --help' });
}

/** What the arguments ask for. @throws InputError */
export async function parsePlan(argv: string[]): Promise<PlanRequest> {
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: OPTIONS });
  const name = modelOf('plan', positionals);
  const size = await sizeOf(name);
  const images = wholeNumber('images', values.images, 0);
  return {
    ...{ name, size, json: values.json },
    settings: {
      ...{ batch: wholeNumber('batch', values.batch, 1), images, rows: wholeNumber('rows', values.rows, 1) },
      textTokens: textTokensOf(values, images * size.visualTokens),
      compression: parseCompression(values.compress),
      rank: wholeNumber('rank', values.rank, 1),
    },
    ...(values.gflops !== undefined && { flopsPerSecond: speedOf(values.gflops) }),
  };
}

/** A step of a plan in words. */
export function rowText({ images, textTokens, batch, compression }: PlanRequest['settings']): string {
  const pictures = `${images} ${images === 1 ? 'image' : 'images'}`;
  const rows = `${batch} ${batch === 1 ? 'row' : 'rows'}`;
  return `${rows} of ${pictures} and ${textTokens} text tokens, compression ${formatCompression(compression)}`;
}
