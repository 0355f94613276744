/** Questions and answers as files. Cells of tables are text: nothing in them is a formula or markup. */
import type { Ask, BatchRow, BatchSummary } from '../../../shared/api/compare.ts';
import { csvLine } from '../../../shared/csv.ts';
import { FLOPS_RULES } from '../../../shared/flops-rules.ts';

export type ExportFormat = 'json' | 'markdown' | 'csv';

export interface ExportedFile {
  readonly type: string;
  readonly name: string;
  readonly text: string;
}

const TYPES: Readonly<Record<ExportFormat, readonly [type: string, extension: string]>> = {
  json: ['application/json; charset=utf-8', 'json'],
  markdown: ['text/markdown; charset=utf-8', 'md'],
  csv: ['text/csv; charset=utf-8', 'csv'],
};

type Table = { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };

const markdownCell = (text: string): string =>
  text.replaceAll(/[\\`*_[\]<>|]/g, (mark) => `\\${mark}`).replaceAll(/\s+/g, ' ');

const csv = ({ head, rows }: Table): string => [head, ...rows].map((row) => `${csvLine(row)}\n`).join('');

function markdown(title: string, { head, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(' | ')} |\n`;
  return `# ${markdownCell(title)}\n\n${line(head)}|${' --- |'.repeat(head.length)}\n${rows.map(line).join('')}`;
}

const name = (compression: string): string => (compression === 'none' ? 'full' : compression);

function askTable({ answers }: Ask): Table {
  const head = [
    'model',
    'K/S',
    'answer',
    'visual tokens',
    'CR %',
    'first token ms',
    'tokens/s',
    ...FLOPS_RULES.map(({ name }) => `FLOPs ${name}`),
    'memory bytes',
  ];
  const rows = answers.map(({ model, compression, text, stats, failure }) => [
    ...[model, name(compression), failure ? failure.cause : text.trim()],
    ...[String(stats?.visualTokensPerLayer.reduce((sum, tokens) => sum + tokens, 0) ?? '')],
    ...[stats?.compressionRatio.toFixed(0) ?? '', stats?.timeToFirstTokenMs.toFixed(1) ?? ''],
    ...[
      stats?.tokensPerSecond?.toFixed(1) ?? '',
      ...FLOPS_RULES.map(({ key }) => String(stats?.[key] ?? '')),
      String(stats?.memoryBytes ?? ''),
    ],
  ]);
  return { head, rows };
}

function batchTable({ request }: BatchSummary, rows: readonly BatchRow[]): Table {
  const { compressions } = request;
  const head = ['question', 'expected', ...compressions.flatMap((one) => [name(one), `${name(one)} right`])];
  return {
    head,
    rows: rows.map(({ question, expected, answers, correct }) => [
      ...[question, expected],
      ...compressions.flatMap((_, i) => [answers[i] ?? '', correct[i] ? 'yes' : 'no']),
    ]),
  };
}

function file(base: string, format: ExportFormat, title: string, table: Table, value: unknown): ExportedFile {
  const [type, extension] = TYPES[format];
  const text =
    format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : format === 'csv' ? csv(table) : markdown(title, table);
  return { type, name: `${base}.${extension}`, text };
}

/** A question with its answers. */
export function exportAsk(ask: Ask, format: ExportFormat): ExportedFile {
  return file('answers', format, ask.request.question, askTable(ask), ask);
}

/** A batch with all its answers. */
export function exportBatch(batch: BatchSummary, rows: readonly BatchRow[], format: ExportFormat): ExportedFile {
  return file('batch', format, `${batch.total} questions to ${batch.request.model}`, batchTable(batch, rows), {
    batch,
    rows,
  });
}
