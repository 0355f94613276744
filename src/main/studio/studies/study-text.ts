/** A study as files that people read: Markdown and CSV. */
import { csvLine } from '../../../shared/csv.ts';
import { FLOPS_RULES } from '../../../shared/flops-rules.ts';
import { markdownTable, table } from '../../../shared/markdown.ts';
import { PAPER_REDUNDANCY, PAPER_REDUNDANCY_SOURCE } from '../../../shared/paper-redundancy.ts';
import { pointOf, type StudyPoint, type StudyResult } from '../../../shared/redundancy-study.ts';
import { signed } from '../../../shared/signed.ts';
import { limitSentences, STUDY_COLUMNS, studyRows } from '../../../shared/study-words.ts';
import type { StudyRecord } from './study-folder.ts';

const rising = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

/** Differences to full, K down and S across, a table for each compressor. */
function gridTables(points: readonly StudyPoint[]): string[] {
  const placed = points.map((point) => ({ point, ...pointOf(point) }));
  const compressors = [...new Set(placed.map(({ compressor }) => compressor))];
  return compressors.flatMap((compressor) => {
    const own = placed.filter((one) => one.compressor === compressor);
    const strides = rising(own.map(({ stride }) => stride));
    const rows = rising(own.map(({ layer }) => layer)).map((layer) => [
      `K ${layer}`,
      ...strides.map((stride) => {
        const found = own.find((one) => one.layer === layer && one.stride === stride)?.point;
        return found ? `${signed(found.difference, 2)} (${found.retainedPercent.toFixed(0)} % left)` : '';
      }),
    ]);
    return [`### ${compressor}`, table(['difference, points', ...strides.map((stride) => `S ${stride}`)], rows)];
  });
}

function paperTable(): string {
  const rows = PAPER_REDUNDANCY.map(({ layer, stride, retainedPercent, accuracy, difference }) => [
    ...[`${layer}/${stride}`, retainedPercent.toFixed(1), accuracy.toFixed(1), signed(difference, 1)],
  ]);
  return table(['K/S', 'tokens left %', 'accuracy %', 'to full, points'], rows);
}

/** study.md. */
export function studyMarkdown({ request, total }: StudyRecord, result: StudyResult): string {
  const part = result.questions < total ? ` of ${total}; the others are not answered yet` : '';
  const what = `${request.model} was asked ${result.questions} questions${part} of ${request.data} (seed ${request.seed}, answers of at most ${request.maxTokens} tokens, ${request.batchSize} at once).`;
  const how =
    'Intervals are 95 % percentile bootstrap intervals over questions, those of differences paired; p is the exact McNemar test. Milliseconds are a question’s share of its batch until its first token, vision tower left out, median of the batches.';
  return [
    '# Test-time redundancy',
    what,
    limitSentences(result)
      .map((sentence) => `- ${sentence}`)
      .join('\n'),
    '## Difference to full',
    ...gridTables(result.points),
    '## All settings',
    markdownTable(STUDY_COLUMNS, studyRows(result)).join('\n'),
    how,
    '## The paper',
    `${PAPER_REDUNDANCY_SOURCE}.`,
    `${paperTable()}\n`,
  ].join('\n\n');
}

const CSV_HEAD = [
  ...['setting', 'layer', 'stride', 'compressor', 'questions', 'correct', 'accuracy', 'accuracy_low', 'accuracy_high'],
  ...['difference_points', 'difference_low', 'difference_high', 'lost', 'gained', 'mcnemar_p'],
  ...[
    'tokens_left_percent',
    'cr_percent',
    'visual_tokens',
    'flops_paper',
    'flops_fastv',
    'flops_pyramiddrop',
    'flops_exact',
    'first_token_ms',
    'total_ms',
  ],
];

/** study.csv: a line for each setting, full first. */
export function studyCsv(result: StudyResult): string {
  const lines = studyRows(result).map((row) => {
    const at = row.compression === 'none' ? undefined : pointOf(row);
    return csvLine([
      ...[row.compression, at?.layer ?? '', at?.stride ?? '', at?.compressor ?? ''],
      ...[row.score.questions, row.score.correct, row.accuracy, ...row.bootstrap],
      ...[row.difference, ...row.differenceInterval, row.lost, row.gained, row.probability],
      ...[row.retainedPercent, row.compressionRatio, row.visualTokens, ...FLOPS_RULES.map(({ key }) => row[key] ?? '')],
      ...[row.prefillMs, row.totalMs],
    ]);
  });
  return [csvLine(CSV_HEAD), ...lines].map((line) => `${line}\n`).join('');
}
