import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { AnswerEvent, AnswerStats, AskJob } from '../../shared/answer.ts';
import { formatCompression, parseCompression } from '../../shared/compression.ts';
import { InputError } from '../../shared/errors.ts';
import { DEFAULT_FRAMES, parseFrames } from '../../shared/frames.ts';
import { followJob } from '../terminal/follow-job.ts';
import { flopsColumns } from '../../shared/format-flops.ts';
import { joinNegativeValues } from '../terminal/negative-values.ts';
import type { Column } from '../../shared/markdown.ts';
import { textTable } from '../terminal/table.ts';

export const summary = 'ask a model about a picture, compressed and full side by side';

export const usage = `
Usage: llavolta ask --model DIR [--image FILE …] [--video FILE] "question" [--compress LIST] [options]

  --model DIR        a Hugging Face model folder, a run or a checkpoint
  --image FILE       a picture that the question shows; may be given several times
  --video FILE       a video that it shows (MP4, MOV, WebM, MKV, AVI, GIF), behind the pictures; needs ffmpeg
  --frames N         frames of it, spread evenly, by default 8; or so many a second up to a maximum, e.g. 2fps/32
  --compress LIST    settings K/S or K/S:compressor with commas; full is always asked too, e.g. --compress 2/8,2/8:k-means
  --max-tokens N     longest answer; by default 128
  --temperature T    0, the default, takes the most likely token each time
  --top-p P          sample from the most likely tokens that together reach P; by default 1
  --seed N           of the sampling; by default 0
  --eager            run the ops one by one, not as recorded functions: slower, for finding faults
  --json             print answers and figures as JSON

Answers come one after the other, so that none slows another down, and are compared in a table.
`;

const DEFAULT_MAX_TOKENS = 128;

const OPTIONS = {
  model: { type: 'string' },
  image: { type: 'string', multiple: true },
  video: { type: 'string' },
  frames: { type: 'string' },
  compress: { type: 'string' },
  'max-tokens': { type: 'string' },
  temperature: { type: 'string' },
  'top-p': { type: 'string' },
  seed: { type: 'string' },
  eager: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** A number within bounds. @throws InputError */
function numberOption(
  field: string,
  text: string | undefined,
  fallback: number,
  rule: string,
  isRight: (value: number) => boolean,
): number {
  if (text === undefined) return fallback;
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isFinite(value) && isRight(value)) return value;
  throw new InputError({ field, value: text, rule });
}

/** The settings to ask at, the compressed ones first; full is always among them. */
function settings(list: string | undefined): string[] {
  const given =
    list === undefined ? [] : list.split(',').map((notation) => formatCompression(parseCompression(notation)));
  return [...new Set([...given, 'none'])];
}

/** The video that is shown, with its frames. @throws InputError */
function videoOption(file: string | undefined, frames: string | undefined): Pick<AskJob, 'video'> {
  if (file === undefined && frames === undefined) return {};
  if (file === undefined) throw new InputError({ field: '--frames', rule: 'must stand beside --video' });
  const sampling = frames === undefined ? DEFAULT_FRAMES : parseFrames('--frames', frames);
  return { video: { file: resolve(file), frames: sampling } };
}

/** What the arguments ask for. @throws InputError */
export function parseAsk(argv: string[]): { job: AskJob; json: boolean } {
  const { values, positionals } = parseArgs({
    args: joinNegativeValues(argv),
    allowPositionals: true,
    options: OPTIONS,
  });
  const [question, ...rest] = positionals;
  if (question === undefined || question.trim() === '' || rest.length > 0) {
    throw new InputError({ field: 'ask', rule: 'needs one question, in quotes', hint: 'llavolta ask --help' });
  }
  if (values.model === undefined) throw new InputError({ field: '--model', rule: 'must be given' });
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= 100_000;
  const isSeed = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
  return {
    job: {
      kind: 'ask',
      model: resolve(values.model),
      images: (values.image ?? []).map((file) => resolve(file)),
      ...videoOption(values.video, values.frames),
      question,
      compressions: settings(values.compress),
      maxTokens: numberOption(
        '--max-tokens',
        values['max-tokens'],
        DEFAULT_MAX_TOKENS,
        'must be a whole number from 1 to 100000',
        isCount,
      ),
      temperature: numberOption(
        '--temperature',
        values.temperature,
        0,
        'must be 0 to 100',
        (value) => value >= 0 && value <= 100,
      ),
      topP: numberOption(
        '--top-p',
        values['top-p'],
        1,
        'must be above 0 and at most 1',
        (value) => value > 0 && value <= 1,
      ),
      seed: numberOption('--seed', values.seed, 0, 'must be a whole number from 0 to 4294967295', isSeed),
      ...(values.eager && { execution: 'eager' }),
    },
    json: values.json,
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;

/** Visual tokens by layer, short: `576 → 72 at layer 2`. */
export function tokensText(perLayer: readonly number[]): string {
  const changes = perLayer.flatMap((count, layer) =>
    layer > 0 && count !== perLayer[layer - 1] ? [` → ${count} at layer ${layer}`] : [],
  );
  return `${perLayer[0] ?? 0}${changes.join('')}`;
}

const name = (compression: string): string => (compression === 'none' ? 'full' : compression);

const COLUMNS: readonly Column<AnswerStats>[] = [
  { title: 'K/S', cell: ({ compression }) => name(compression), align: 'left' },
  { title: 'visual tokens', cell: ({ visualTokensPerLayer }) => tokensText(visualTokensPerLayer), align: 'left' },
  { title: 'CR', cell: ({ compressionRatio }) => `${Math.round(compressionRatio)} %` },
  { title: 'first token', cell: ({ timeToFirstTokenMs }) => `${timeToFirstTokenMs.toFixed(1)} ms` },
  { title: 'tokens', cell: ({ tokens }) => String(tokens) },
  { title: 'tokens/s', cell: ({ tokensPerSecond }) => tokensPerSecond?.toFixed(1) ?? '-' },
  ...flopsColumns,
  { title: 'KV cache', cell: ({ cacheBytes }) => megabytes(cacheBytes) },
  { title: 'memory', cell: ({ memoryBytes }) => megabytes(memoryBytes) },
];

/** Writes answers as they come. */
function writeEvent(event: AnswerEvent): void {
  if (event.type === 'begin') process.stdout.write(`${name(event.compression).padEnd(8)}▸ `);
  if (event.type === 'text') process.stdout.write(event.text.replaceAll('\n', '\n          '));
  if (event.type === 'end') process.stdout.write(event.stats.reason === 'length' ? ' …\n' : '\n');
}

export async function run(argv: string[]): Promise<number> {
  const { job, json } = parseAsk(argv);
  const answers: { text: string; stats?: AnswerStats }[] = [];
  const code = await followJob(job, (message) => {
    if (message.type !== 'answer') return;
    const { event } = message;
    const answer = (answers[event.index] ??= { text: '' });
    if (event.type === 'text') answer.text += event.text;
    if (event.type === 'end') answer.stats = event.stats;
    if (!json) writeEvent(event);
  });
  const stats = answers.flatMap((answer) => answer.stats ?? []);
  if (json)
    process.stdout.write(
      `${JSON.stringify(
        answers.map((answer) => ({ ...answer.stats, text: answer.text })),
        null,
        2,
      )}\n`,
    );
  else if (stats.length > 0) process.stdout.write(`\n${textTable(COLUMNS, stats).join('\n')}\n`);
  return code;
}
