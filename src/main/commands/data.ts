import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { BENCHMARKS, benchmarkSchema } from '../../shared/benchmark.ts';
import {
  shapesOptionsSchema,
  type CheckedDataset,
  type DatasetJob,
  type ShapesOptions,
  type SourceProgress,
} from '../../shared/dataset-source.ts';
import { InputError } from '../../shared/errors.ts';
import { runDatasetJob, type DatasetResult } from '../studio/datasets/dataset-job.ts';

const BROKEN_SAMPLES = 1;
const [MEGABYTE, PERCENT] = [1e6, 100];

export const summary = 'get a dataset (easy-vqa, shapes), import a benchmark, or check a file of your own';

export const usage = `
Usage: llavolta data get easy-vqa [--out FOLDER] [--wheel FILE] [--force]
       llavolta data get shapes [--out FOLDER] [--images N] [--clips N] [--size PIXELS] [--seed N]
                                [--questions N] [--fewest-objects N] [--most-objects N]
                                [--clip-questions N] [--clip-objects 1|2|3]
                                [--clip-format frames|mp4] [--test-share S] [--force]
       llavolta data import BENCHMARK --from FILE|FOLDER [--from …] [--images FOLDER] --to FOLDER [--skip-missing]
       llavolta data check FILE [--images FOLDER]

get easy-vqa    The public easy-VQA dataset (MIT) from the Python package index: 5,000 pictures, 48,248 questions.
                Needs pip once. --wheel takes a package file that was brought along.
get shapes      Scenes and motion clips with questions, generated here from a seed; needs no network.
                By default 2500 pictures of 3 to 6 objects and 250 clips of 64 pixels, a fifth of them for testing.
                pairs-train.jsonl asks pictures what a vision tower learns from, motion-train.jsonl asks clips which way
                things move. --clip-format mp4 makes video files, by ffmpeg.
import          Makes a dataset of the files that a benchmark's publisher offers, which you bring (docs/benchmarks.md says
                which): ${BENCHMARKS.slice(0, 8).join(', ')},
                ${BENCHMARKS.slice(8).join(', ')}.
                --images is the folder of its pictures or videos; they stay there.
                --skip-missing leaves questions out whose picture is not there.
check           Reads a LLaVA conversation file (JSON or JSONL) and lists the samples that are broken, and why.

--out           Target folder. Default: data/easy-vqa or data/shapes below the working folder.
--to            Target folder of an import.
--force         Replace a folder that this command made with other options.
`;

const OPTIONS = {
  out: { type: 'string' },
  wheel: { type: 'string' },
  force: { type: 'boolean', default: false },
  images: { type: 'string' },
  clips: { type: 'string' },
  size: { type: 'string' },
  seed: { type: 'string' },
  questions: { type: 'string' },
  'fewest-objects': { type: 'string' },
  'most-objects': { type: 'string' },
  'clip-questions': { type: 'string' },
  'clip-objects': { type: 'string' },
  'clip-format': { type: 'string' },
  'test-share': { type: 'string' },
  from: { type: 'string', multiple: true },
  to: { type: 'string' },
  'skip-missing': { type: 'boolean', default: false },
} as const;
type Values = { readonly [name in keyof typeof OPTIONS]?: string | boolean | string[] } & {
  readonly from?: string[];
  readonly images?: string;
  readonly to?: string;
};
type OptionName = keyof typeof OPTIONS;

/** Options that belong to each action; any other one given is refused. */
const ALLOWED: Record<DatasetJob['kind'], readonly OptionName[]> = {
  'easy-vqa': ['out', 'wheel', 'force'],
  shapes: [
    'out',
    'images',
    'clips',
    'size',
    'seed',
    'questions',
    'fewest-objects',
    'most-objects',
    'clip-questions',
    'clip-objects',
    'clip-format',
    'test-share',
    'force',
  ],
  benchmark: ['from', 'images', 'to', 'skip-missing', 'force'],
  check: ['images'],
  index: [],
  frames: [],
  tokens: [],
  conversation: [],
};

/** Gets or checks a dataset. Exit code 0, or 1 when a checked file has broken samples. */
export async function run(argv: string[]): Promise<number> {
  const message = await runDatasetJob(parseDataJob(argv), showProgress);
  if (message.type === 'checked') return reportCheck(message);
  if (message.type === 'provided') reportDataset(message);
  return 0;
}

/** The job that the arguments ask for. @throws InputError where they ask for none. */
export function parseDataJob(argv: string[]): DatasetJob {
  const { values, positionals } = parseArgs({ args: argv, options: OPTIONS, allowPositionals: true });
  const [action, target, ...rest] = positionals;
  if (rest.length > 0) throw new InputError({ field: 'argument', value: rest[0], rule: 'is one too many' });
  if (action === 'check') {
    if (!target)
      throw new InputError({ field: 'FILE', rule: 'must be given', hint: 'llavolta data check train.jsonl' });
    refuseOthers('check', values);
    const images = values.images === undefined ? {} : { images: resolve(values.images) };
    return { kind: 'check', file: resolve(target), ...images };
  }
  if (action === 'import') return parseImport(target, values);
  if (action !== 'get') throw new InputError({ field: 'data', value: action, rule: 'must be get, import or check' });
  if (target !== 'easy-vqa' && target !== 'shapes') {
    throw new InputError({ field: 'data get', value: target, rule: 'must be easy-vqa or shapes' });
  }
  refuseOthers(target, values);
  const place = { folder: resolve(values.out ?? join('data', target)), replace: values.force };
  if (target === 'shapes') return { kind: 'shapes', ...place, options: parseShapes(values) };
  return { kind: 'easy-vqa', ...place, ...(values.wheel === undefined ? {} : { wheel: resolve(values.wheel) }) };
}

/** @throws InputError where an option is missing or another command's */
function parseImport(target: string | undefined, values: Values): DatasetJob {
  const benchmark = benchmarkSchema.safeParse(target);
  if (!benchmark.success) {
    throw new InputError({ field: 'data import', value: target, rule: `must be one of ${BENCHMARKS.join(', ')}` });
  }
  refuseOthers('benchmark', values);
  const { from, images, to } = values;
  const hint = 'llavolta data import --help';
  if (!from) throw new InputError({ field: '--from', rule: 'must be given', hint });
  if (to === undefined) throw new InputError({ field: '--to', rule: 'must be given', hint });
  return {
    ...{ kind: 'benchmark', benchmark: benchmark.data, folder: resolve(to) },
    from: from.map((path) => resolve(path)),
    ...(images !== undefined && { images: resolve(images) }),
    ...{ replace: values.force === true, skipMissing: values['skip-missing'] === true },
  };
}

function refuseOthers(kind: DatasetJob['kind'], values: Values): void {
  const given = (Object.keys(values) as OptionName[]).filter((name) => values[name] !== false);
  const other = given.find((name) => !ALLOWED[kind].includes(name));
  if (other) throw new InputError({ field: `--${other}`, rule: `is not an option of ${kind}` });
}

function parseShapes(values: Values): ShapesOptions {
  const options: Record<string, number | string> = {};
  for (const name of Object.keys(shapesOptionsSchema.shape)) {
    const text = values[flagOf(name)];
    // Number('') is 0, and no number is meant by it.
    if (typeof text !== 'string') continue;
    if (name === 'clipFormat') options[name] = text;
    else options[name] = text.trim() === '' ? NaN : Number(text);
  }
  const result = shapesOptionsSchema.safeParse(options);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const name = String(issue?.path[0]);
  const rule = Number.isNaN(options[name]) ? 'must be a number' : (issue?.message ?? 'is not valid');
  throw new InputError({ field: `--${flagOf(name)}`, value: values[flagOf(name)], rule });
}

/** clipQuestions → clip-questions */
const flagOf = (name: string): OptionName =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`) as OptionName;

const PHASES: Record<SourceProgress['phase'], string> = {
  download: 'downloading',
  unpack: 'unpacking',
  draw: 'drawing',
  read: 'reading',
};

/** One line that is written over on a terminal; nothing where output goes to a file. */
function showProgress({ phase, done, total }: SourceProgress): void {
  if (!process.stderr.isTTY) return;
  const share = Math.floor((done / total) * PERCENT);
  process.stderr.write(`\r${PHASES[phase].padEnd(12)}${String(share).padStart(3)} %${done === total ? '\n' : ''}`);
}

function reportDataset(message: Extract<DatasetResult, { type: 'provided' }>): void {
  const { folder, reused, splits, pictures, licence } = message;
  const lines = Object.entries(splits).map(([name, { images, clips = 0, questions }]) => {
    const media = [
      ...(images > 0 || clips === 0 ? [`${count(images)} pictures`] : []),
      ...(clips > 0 ? [`${count(clips)} clips`] : []),
    ];
    return `  ${`${name}.jsonl`.padEnd(20)}${[...media, `${count(questions)} questions`].join(', ')}`;
  });
  const size = `${count(pictures.count)} picture files, ${(pictures.bytes / MEGABYTE).toFixed(1)} MB, licence ${licence}`;
  const left = message.leftOut ? [`  ${count(message.leftOut)} questions left out: their pictures are not there`] : [];
  const head = `${folder}${reused ? ' (was there already)' : ''}`;
  process.stdout.write([head, ...lines, `  ${size}`, ...left, ''].join('\n'));
}

function reportCheck({ samples, turns, broken }: CheckedDataset): number {
  const kinds = Object.entries(samples).filter(([, number]) => number > 0);
  const found = kinds.map(([kind, number]) => `${count(number)} with ${kind === 'text' ? 'text only' : kind}`);
  const total = kinds.reduce((sum, [, number]) => sum + number, 0);
  process.stdout.write(`${count(total)} sound samples (${found.join(', ') || 'none'}), ${count(turns)} questions\n`);
  if (broken.count === 0) return 0;
  process.stdout.write(`${count(broken.count)} broken:\n`);
  for (const { line, id, reason } of broken.first) {
    process.stdout.write(`  line ${line}${id === undefined ? '' : ` (${id})`}: ${reason}\n`);
  }
  const more = broken.count - broken.first.length;
  if (more > 0) process.stdout.write(`  … and ${count(more)} more\n`);
  return BROKEN_SAMPLES;
}

const count = (value: number): string => value.toLocaleString('en');
