import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatCompression, parseCompression } from '../../shared/compression.ts';
import { InputError } from '../../shared/errors.ts';
import {
  DEFAULT_BATCH_SIZE,
  DEFAULT_MAX_TOKENS,
  SCORERS,
  scorerNameSchema,
  type EvaluateJob,
  type EvaluationReport,
  type ScorerName,
} from '../../shared/evaluation.ts';
import { parseFrames } from '../../shared/frames.ts';
import { gridCompressions, redundancyOf, type Redundancy } from '../../shared/redundancy.ts';
import {
  evaluationMarkdown,
  evaluationText,
  progressText,
  redundancyTable,
  redundancyText,
} from '../terminal/evaluation-view.ts';
import { followJob } from '../terminal/follow-job.ts';
import { LiveRegion } from '../terminal/live-region.ts';
import { gatherGrid, readGrid, wholeNumber } from '../terminal/grid-arguments.ts';
import { joinNegativeValues } from '../terminal/negative-values.ts';
import { writeText } from '../terminal/write-text.ts';

export const summary = 'accuracy, cost and time of a model on a dataset at any compression settings';

export const usage = `
Usage: llavolta evaluate <model folder or run> --data FILE [--compress LIST] [--grid K=… S=… [C=…]] [options]

  --data FILE        LLaVA conversations (JSON or JSONL); every question is asked alone
  --images DIR       folder of the images; by default images beside FILE
  --frames N         frames of a video, spread evenly, by default 8; or so many a second up to a maximum, e.g. 2fps/32
  --compress LIST    settings K/S or K/S:compressor with commas, e.g. none,1/8,1/8:k-means; by default none
  --grid K=… S=… [C=…]  test-time redundancy: full and all layers K × strides S × compressors C (by default
                     average-pool), e.g. --grid K=1,3,6 S=2,4,8,16 C=average-pool,k-means
  --limit N          the first N questions only
  --batch N          questions answered at once; by default ${DEFAULT_BATCH_SIZE}
  --max-tokens N     longest answer; by default ${DEFAULT_MAX_TOKENS}; judges of free text want more, e.g. 1024
  --scorer NAME      rule to score by: ${SCORERS.join(', ')};
                     by default that of the benchmark the data was imported from, or exact
  --answers FILE     write the answers in the form that the benchmark's judge or server takes; of several settings,
                     each has a file of its own
  --eager            run the ops one by one, not as recorded functions: slower, for finding faults
  --json FILE        write what was found as JSON; a run keeps evaluations in its folder evaluations/
  --markdown FILE    write the tables as Markdown

By the scorer exact, an answer is right when it is the expected one, case, punctuation and spaces aside. By others,
accuracy is the share of answers with half of the credit or more (docs/benchmarks.md). Times are means per question;
questions about one image share its prefill.
`;

const OPTIONS = {
  data: { type: 'string' },
  images: { type: 'string' },
  frames: { type: 'string' },
  compress: { type: 'string' },
  grid: { type: 'string' },
  limit: { type: 'string' },
  batch: { type: 'string' },
  'max-tokens': { type: 'string' },
  scorer: { type: 'string' },
  answers: { type: 'string' },
  eager: { type: 'boolean', default: false },
  json: { type: 'string' },
  markdown: { type: 'string' },
} as const;

/** The settings of `K=1,3,6 S=2,4` or `K=1,3,6 S=2,4 C=random,k-means`. @throws InputError */
export function parseGrid(text: string): string[] {
  const { layers, strides, compressors } = readGrid(text);
  return gridCompressions(layers, strides, compressors);
}

/** @throws InputError */
function parseScorer(text: string): ScorerName {
  const name = scorerNameSchema.safeParse(text);
  if (name.success) return name.data;
  throw new InputError({ field: '--scorer', value: text, rule: `must be one of ${SCORERS.join(', ')}` });
}

function parseList(text: string): string[] {
  return text.split(',').map((notation) => formatCompression(parseCompression(notation)));
}

/** What the arguments ask for. @throws InputError */
export function parseEvaluation(argv: string[]): {
  job: EvaluateJob;
  json?: string;
  markdown?: string;
  isGrid: boolean;
} {
  const { values, positionals } = parseArgs({
    args: joinNegativeValues(argv),
    allowPositionals: true,
    options: OPTIONS,
  });
  const { grid: gridText, rest: named } = gatherGrid(values.grid, positionals);
  const [model, ...rest] = named;
  if (model === undefined || rest.length > 0) {
    throw new InputError({
      field: 'evaluate',
      rule: 'needs one model folder or run',
      hint: 'llavolta evaluate --help',
    });
  }
  if (values.data === undefined) throw new InputError({ field: '--data', rule: 'must be given' });
  const listed = values.compress === undefined ? [] : parseList(values.compress);
  const grid = gridText === undefined ? [] : parseGrid(gridText);
  const compressions = [...new Set([...listed, ...grid])];
  return {
    job: {
      kind: 'evaluate',
      model: resolve(model),
      data: resolve(values.data),
      ...(values.images === undefined ? {} : { images: resolve(values.images) }),
      compressions: compressions.length > 0 ? compressions : ['none'],
      ...(values.frames === undefined ? {} : { frames: parseFrames('--frames', values.frames) }),
      ...(values.limit === undefined ? {} : { limit: wholeNumber('--limit', values.limit) }),
      batchSize: values.batch === undefined ? DEFAULT_BATCH_SIZE : wholeNumber('--batch', values.batch),
      maxTokens:
        values['max-tokens'] === undefined ? DEFAULT_MAX_TOKENS : wholeNumber('--max-tokens', values['max-tokens']),
      ...(values.scorer === undefined ? {} : { scorer: parseScorer(values.scorer) }),
      ...(values.answers === undefined ? {} : { answers: resolve(values.answers) }),
      ...(values.eager && { execution: 'eager' }),
    },
    ...(values.json === undefined ? {} : { json: values.json }),
    ...(values.markdown === undefined ? {} : { markdown: values.markdown }),
    isGrid: values.grid !== undefined,
  };
}

function markdownPage(report: EvaluationReport, study: Redundancy | undefined): string {
  const redundancy = study
    ? ['', ...redundancyTable(study, true), '', ...redundancyText(study).map((line) => `- ${line}`)]
    : [];
  return [...evaluationMarkdown(report), ...redundancy, ''].join('\n');
}

export async function run(argv: string[]): Promise<number> {
  const { job, json, markdown, isGrid } = parseEvaluation(argv);
  const region = process.stderr.isTTY ? new LiveRegion(process.stderr) : undefined;
  let report: EvaluationReport | undefined;
  const code = await followJob(job, (message) => {
    if (message.type === 'evaluation-progress') region?.draw([progressText(message.progress)]);
    if (message.type === 'evaluation-report') report = message.report;
  });
  region?.draw([]);
  if (!report) return code;
  const study = isGrid ? redundancyOf(report) : undefined;
  const lines = study
    ? [...evaluationText(report).slice(0, 2), ...redundancyTable(study), '', ...redundancyText(study)]
    : evaluationText(report);
  process.stdout.write(`${lines.join('\n')}\n`);
  if (json !== undefined) writeText(json, `${JSON.stringify(report, null, 2)}\n`);
  if (markdown !== undefined) writeText(markdown, markdownPage(report, study));
  return code;
}
