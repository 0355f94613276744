import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchJob } from '../../shared/bench.ts';
import { benchShapeSchema, type BenchShape } from '../../shared/bench-shape.ts';
import {
  checkLayers,
  formatCompression,
  parseCompression,
  pooledLengths,
  type Compression,
} from '../../shared/compression.ts';
import { COMPRESSOR_FACTS } from '../../shared/compressors.ts';
import { InputError } from '../../shared/errors.ts';
import { PRECISIONS, type Precision } from '../../shared/precision.ts';
import { ruleOf } from '../../shared/validation.ts';
import type { RoundLimits } from './rounds.ts';
import type { TorchScript, TorchVariant } from './torch-contender.ts';

const TORCH_SCRIPT = fileURLToPath(new URL('../../../../shared/bench/torch_train_bench.py', import.meta.url));

/** The script's default, and a narrow one with two rows. */
const DEFAULT_SHAPE: BenchShape = {
  hidden: 512,
  layers: 8,
  heads: 8,
  kvHeads: 8,
  intermediate: 1376,
  vocab: 8192,
  nvis: 576,
  text: 64,
  batch: 1,
};
const NARROW_SHAPE: BenchShape = { ...DEFAULT_SHAPE, hidden: 256, intermediate: 688, vocab: 2000, batch: 2 };

/** Sizes of a shape. */
export const SHAPE_OPTIONS = {
  hidden: { type: 'string' },
  layers: { type: 'string' },
  heads: { type: 'string' },
  'kv-heads': { type: 'string' },
  intermediate: { type: 'string' },
  vocab: { type: 'string' },
  nvis: { type: 'string' },
  text: { type: 'string' },
  batch: { type: 'string' },
} as const;
const OPTIONS = {
  ...SHAPE_OPTIONS,
  layer: { type: 'string', default: '2' },
  stride: { type: 'string' },
  settings: { type: 'string' },
  steps: { type: 'string', default: '10' },
  warmup: { type: 'string', default: '2' },
  'new-tokens': { type: 'string', default: '32' },
  mode: { type: 'string', default: 'graph' },
  precision: { type: 'string' },
  checkpointing: { type: 'boolean', default: false },
  python: { type: 'string' },
  'torch-script': { type: 'string', default: TORCH_SCRIPT },
  compile: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '3' },
  'max-rounds': { type: 'string', default: '8' },
  json: { type: 'boolean', default: false },
} as const;

/** What the arguments ask for. */
export interface BenchPlan {
  /** Of every shape and setting in turn; each under all modes. */
  readonly jobs: readonly BenchJob[];
  readonly modes: readonly BenchJob['mode'][];
  readonly torch?: TorchScript;
  readonly variants: readonly TorchVariant[];
  readonly limits: RoundLimits;
  readonly json: boolean;
}

/** @throws InputError naming the flag */
export function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new InputError({ field: `--${flag}`, value: text, rule: `must be a whole number of ${least} or more` });
}

const camelCase = (flag: string): string => flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The shape that is given, or the default ones. @throws InputError */
export function parseShapes(values: Readonly<Record<string, unknown>>): BenchShape[] {
  const given = Object.keys(SHAPE_OPTIONS).filter((flag) => values[flag] !== undefined);
  if (given.length === 0) return [DEFAULT_SHAPE, NARROW_SHAPE];
  const shape: Record<string, number> = { ...DEFAULT_SHAPE };
  for (const flag of given) shape[camelCase(flag)] = wholeNumber(flag, String(values[flag]), 0);
  // As in the script: as many heads for keys as for queries.
  if (!given.includes('kv-heads') || shape['kvHeads'] === 0) shape['kvHeads'] = shape['heads'] ?? 0;
  const result = benchShapeSchema.safeParse(shape);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    const value = shape[String(issue.path[0])];
    throw new InputError({ field: String(issue.path[0]), value, rule: ruleOf(issue, value) });
  }
  checkHeads(result.data);
  return [result.data];
}

function checkHeads({ hidden, heads, kvHeads }: BenchShape): void {
  if (hidden % (2 * heads) !== 0) {
    throw new InputError({
      field: '--heads',
      value: heads,
      rule: `must divide hidden ${hidden} into heads of even width`,
    });
  }
  if (heads % kvHeads !== 0) {
    throw new InputError({ field: '--kv-heads', value: kvHeads, rule: `must divide the ${heads} heads` });
  }
}

interface SettingFlags {
  readonly settings?: string | undefined;
  readonly stride?: string | undefined;
  readonly layer: string;
}

function settingsOf({ settings, stride, layer }: SettingFlags): string[] {
  if (settings !== undefined) return settings.split(',').map((one) => formatCompression(parseCompression(one.trim())));
  if (stride === undefined) return ['none', `${layer}/8`];
  return [stride.trim() === '1' ? 'none' : `${layer}/${stride}`];
}

/** @throws InputError for a compressor of features: the batch comes with visual tokens as the projector makes them */
function checkNoTower(setting: Compression): void {
  const early = setting.find(({ compressor }) => COMPRESSOR_FACTS[compressor].beforeProjector);
  if (!early) return;
  throw new InputError({
    field: '--settings',
    value: formatCompression([early]),
    rule: "must have no compressor that works on the vision tower's features: this bench runs no tower",
    hint: 'llavolta bench compressors times it',
  });
}

/** @throws InputError where a setting does not fit a shape */
function parseSettings(flags: SettingFlags, shapes: readonly BenchShape[]): string[] {
  const settings = settingsOf(flags);
  for (const setting of settings.map((text) => parseCompression(text))) {
    for (const { layers, nvis } of shapes) {
      checkLayers(setting, layers);
      checkNoTower(setting);
      for (const point of setting) pooledLengths([nvis], point);
    }
  }
  return settings;
}

/** @throws InputError for a setting that the PyTorch script cannot be asked for */
function checkTorchSettings(settings: readonly string[]): void {
  const isPlain = (text: string): boolean => {
    const points = parseCompression(text);
    return points.length < 2 && points.every(({ compressor }) => compressor === 'average-pool');
  };
  const other = settings.find((text) => !isPlain(text));
  if (other === undefined) return;
  throw new InputError({
    field: '--settings',
    value: other,
    rule: 'must have one point of average-pool at most beside PyTorch, whose script has no other',
  });
}

/** @throws InputError */
export function parseModes(mode: string): BenchJob['mode'][] {
  if (mode === 'both') return ['graph', 'eager'];
  if (mode === 'graph' || mode === 'eager') return [mode];
  throw new InputError({ field: '--mode', value: mode, rule: 'must be graph, eager or both' });
}

function parsePrecision(text: string): Precision {
  const found = PRECISIONS.find((precision) => precision === text);
  if (found) return found;
  throw new InputError({ field: '--precision', value: text, rule: `must be ${PRECISIONS.join(' or ')}` });
}

function parseTorch(python: string | undefined, script: string): TorchScript | undefined {
  if (python === undefined) return undefined;
  for (const [field, path] of [
    ['--python', python],
    ['--torch-script', script],
  ] as const) {
    if (!existsSync(path)) throw new InputError({ field, value: path, rule: 'must be a file that is there' });
  }
  return { python, script };
}

/** `--layer -1` as people write it: parseArgs takes a value with a dash only behind an equals sign. */
export function joinNegativeLayer(argv: readonly string[]): string[] {
  return argv.flatMap((argument, i) => {
    const isLayer = argument === '--layer' && /^-\d/.test(argv[i + 1] ?? '');
    if (isLayer) return [`--layer=${argv[i + 1]!}`];
    return argv[i - 1] === '--layer' && /^-\d/.test(argument) ? [] : [argument];
  });
}

/** @throws InputError where the arguments make no sense */
export function parseBench(argv: string[]): BenchPlan {
  const args = joinNegativeLayer(argv);
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const [kind, ...rest] = positionals;
  if ((kind !== 'train' && kind !== 'generate') || rest.length > 0) {
    throw new InputError({
      field: 'bench',
      value: positionals.join(' '),
      rule: 'must be train, generate or compressors',
    });
  }
  const shapes = parseShapes(values);
  const settings = parseSettings(values, shapes);
  const counts = {
    steps: wholeNumber('steps', values.steps, 1),
    warmup: wholeNumber('warmup', values.warmup, 0),
    newTokens: wholeNumber('new-tokens', values['new-tokens'], 1),
  };
  const modes = parseModes(values.mode);
  const mode = modes[0]!;
  const how = {
    ...(values.precision !== undefined && { precision: parsePrecision(values.precision) }),
    ...(values.checkpointing && { gradientCheckpointing: true }),
  };
  const torch = parseTorch(values.python, values['torch-script']);
  if (torch) checkTorchSettings(settings);
  const rounds = wholeNumber('rounds', values.rounds, 1);
  return {
    jobs: shapes.flatMap((shape) =>
      settings.map((compression) => ({ kind, shape, compression, mode, ...how, ...counts })),
    ),
    modes,
    ...(torch && { torch }),
    variants: variantsOf(kind, values.compile),
    limits: { rounds, maxRounds: Math.max(rounds, wholeNumber('max-rounds', values['max-rounds'], 1)) },
    json: values.json,
  };
}

/** The head of a prefill runs on one position in any case. */
function variantsOf(kind: BenchJob['kind'], compile: boolean): TorchVariant[] {
  const heads = kind === 'train' ? (['text', 'sequence'] as const) : (['text'] as const);
  const eager = heads.map((head) => ({ head, compile: false }));
  return compile && kind === 'train' ? [...eager, { head: 'text', compile: true }] : eager;
}
