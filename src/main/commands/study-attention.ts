/** `llavolta study attention`: how much attention answers pay to visual tokens, layer by layer (paper, Fig. 1b). */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  ATTENTION_SAMPLES,
  MOST_ATTENTION_SAMPLES,
  type AttentionJob,
  type AttentionReport,
} from '../../shared/attention-study.ts';
import { attentionCsv } from '../../shared/attention-csv.ts';
import { formatCompression, parseCompression } from '../../shared/compression.ts';
import { InputError } from '../../shared/errors.ts';
import { attentionText } from '../terminal/attention-view.ts';
import { followJob } from '../terminal/follow-job.ts';
import { LiveRegion } from '../terminal/live-region.ts';
import { joinNegativeValues } from '../terminal/negative-values.ts';
import { writeText } from '../terminal/write-text.ts';

export const usage = `
Usage: llavolta study attention <model folder or run> --data FILE [options]

Measures the attention that the tokens of the right answers pay to visual tokens, question and system prompt in every
decoder layer: per token of a kind, and the share of the kind.

  --data FILE        LLaVA conversations (JSON or JSONL)
  --images DIR       folder of the images; by default images beside FILE
  --samples N        questions with pictures, spread evenly over the data; by default ${ATTENTION_SAMPLES}
  --compress K/S     compression setting; by default none
  --json FILE        write what was found as JSON
  --csv FILE         write the layers as a table for a spreadsheet
`;

const OPTIONS = {
  data: { type: 'string' },
  images: { type: 'string' },
  samples: { type: 'string', default: String(ATTENTION_SAMPLES) },
  compress: { type: 'string', default: 'none' },
  json: { type: 'string' },
  csv: { type: 'string' },
} as const;

function sampleCount(text: string): number {
  const count = Number(text);
  if (/^\d{1,9}$/.test(text) && count >= 1 && count <= MOST_ATTENTION_SAMPLES) return count;
  const rule = `must be a whole number from 1 to ${MOST_ATTENTION_SAMPLES}`;
  throw new InputError({ field: '--samples', value: text, rule });
}

/** What the arguments ask for. @throws InputError */
export function parseAttention(argv: string[]): { job: AttentionJob; json?: string; csv?: string } {
  const { values, positionals } = parseArgs({
    ...{ args: joinNegativeValues(argv), allowPositionals: true, options: OPTIONS },
  });
  const [model, ...more] = positionals;
  const hint = 'llavolta study --help';
  if (model === undefined || more.length > 0) {
    throw new InputError({ field: 'study attention', rule: 'needs one model folder or run', hint });
  }
  if (values.data === undefined) throw new InputError({ field: '--data', rule: 'must be given', hint });
  return {
    job: {
      ...{ kind: 'attention', model: resolve(model), data: resolve(values.data) },
      ...(values.images !== undefined && { images: resolve(values.images) }),
      samples: sampleCount(values.samples),
      compression: formatCompression(parseCompression(values.compress)),
    },
    ...(values.json !== undefined && { json: values.json }),
    ...(values.csv !== undefined && { csv: values.csv }),
  };
}

export async function run(argv: string[]): Promise<number> {
  const { job, json, csv } = parseAttention(argv);
  const region = process.stderr.isTTY ? new LiveRegion(process.stderr) : undefined;
  let report: AttentionReport | undefined;
  const code = await followJob(job, (message) => {
    if (message.type === 'attention-report') report = message.report;
    if (message.type !== 'attention-progress') return;
    region?.draw([`${message.progress.done} of ${message.progress.total} questions`]);
  });
  region?.draw([]);
  if (!report) return code;
  process.stdout.write(`${attentionText(report).join('\n')}\n`);
  if (json !== undefined) writeText(json, `${JSON.stringify(report, null, 2)}\n`);
  if (csv !== undefined) writeText(csv, attentionCsv(report));
  return code;
}
