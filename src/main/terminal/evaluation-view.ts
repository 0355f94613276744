import { flopsColumns } from '../../shared/format-flops.ts';
import {
  formatMetric,
  isScoredOutside,
  type EvaluationProgress,
  type EvaluationReport,
  type Metric,
  type SettingResult,
} from '../../shared/evaluation.ts';
import { markdownTable, type Column } from '../../shared/markdown.ts';
import { TOLERATED_LOSS_POINTS, type Redundancy, type RedundancyPoint } from '../../shared/redundancy.ts';
import { textTable } from './table.ts';

const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;
const points = (difference: number): string => `${difference > 0 ? '+' : ''}${difference.toFixed(2)}`;

const SETTING_COLUMNS: readonly Column<SettingResult>[] = [
  { title: 'K/S', cell: ({ compression }) => compression, align: 'left' },
  { title: 'accuracy', cell: ({ accuracy }) => percent(accuracy, 2) },
  { title: '95 % interval', cell: ({ interval: [low, high] }) => `${percent(low)} to ${percent(high)}` },
  { title: 'tokens left', cell: ({ retainedPercent }) => `${retainedPercent.toFixed(1)} %` },
  { title: 'CR', cell: ({ compressionRatio }) => `${Math.round(compressionRatio)} %` },
  ...flopsColumns,
  { title: 'prefill ms', cell: ({ prefillMs }) => prefillMs.toFixed(2) },
  { title: 'total ms', cell: ({ totalMs }) => totalMs.toFixed(2) },
];

const DIFFERENCE: Column<RedundancyPoint> = { title: 'to full', cell: ({ difference }) => points(difference) };

/** Accuracy by kind of answer, one column for each kind that the dataset has. */
function typeColumns({ settings }: EvaluationReport): Column<SettingResult>[] {
  const types = Object.keys(settings[0]?.byType ?? {});
  return types.length < 2
    ? []
    : types.map((type) => ({
        title: type,
        cell: ({ byType }) => {
          const { correct, questions } = byType[type] ?? { correct: 0, questions: 0 };
          return questions === 0 ? '' : percent(correct / questions, 2);
        },
      }));
}

const ACCURACY = SETTING_COLUMNS.slice(1, 3);

/** The columns of a setting; without those of accuracy where nothing is scored here. */
function settingColumns(report: EvaluationReport): readonly Column<SettingResult>[] {
  if (isScoredOutside(report)) return SETTING_COLUMNS.filter((column) => !ACCURACY.includes(column));
  return [...SETTING_COLUMNS, ...typeColumns(report)];
}

/** A benchmark's own results: a row for each, a column for each setting. */
function metricColumns({ settings }: EvaluationReport): Column<Metric>[] {
  const valueAt = ({ metrics = [] }: SettingResult, name: string): string => {
    const metric = metrics.find((one) => one.name === name);
    return metric ? formatMetric(metric) : '';
  };
  return [
    { title: 'benchmark', cell: ({ name }) => name, align: 'left' },
    ...settings.map((setting) => ({ title: setting.compression, cell: ({ name }: Metric) => valueAt(setting, name) })),
  ];
}

/** Both tables, the benchmark's own results first. */
function reportTables(report: EvaluationReport, table: typeof markdownTable): string[] {
  const metrics = report.settings[0]?.metrics ?? [];
  const own = metrics.length > 0 ? [...table(metricColumns(report), metrics), ''] : [];
  const outside = isScoredOutside(report) ? ['The answers are scored outside: write them with --answers.', ''] : [];
  return [...outside, ...own, ...table(settingColumns(report), report.settings)];
}

/** One line on how far an evaluation is. */
export function progressText({ done, total, scores }: EvaluationProgress): string {
  const shown = scores.slice(0, 4).map(({ compression, score }) => {
    return `${compression} ${score.questions === 0 ? '…' : percent(score.correct / score.questions)}`;
  });
  const more = scores.length > shown.length ? ` and ${scores.length - shown.length} more` : '';
  return `${done} of ${total} questions · ${shown.join(' · ')}${more}`;
}

function headline({ questions, images, durationMs, loadMs, visionMs }: EvaluationReport): string {
  const shared = `per question ${loadMs.toFixed(2)} ms to load its picture and ${visionMs.toFixed(2)} ms for the vision tower, shared by all settings`;
  return `${questions} questions about ${images} images in ${(durationMs / 1000).toFixed(1)} s; ${shared}`;
}

/** An evaluation as tables in the terminal. */
export function evaluationText(report: EvaluationReport): string[] {
  return [headline(report), '', ...reportTables(report, textTable)];
}

/** The same in Markdown. */
export function evaluationMarkdown(report: EvaluationReport): string[] {
  return [`${headline(report)}.`, '', ...reportTables(report, markdownTable)];
}

/** What a redundancy study says in words: where the accuracy has fallen too far. */
export function redundancyText({ full, lastTolerated, firstBeyond }: Redundancy): string[] {
  const settingText = ({ compression, retainedPercent, difference }: RedundancyPoint): string =>
    `${compression} (${(100 - retainedPercent).toFixed(1)} % of the visual tokens removed, ${points(difference)} points)`;
  const kept = lastTolerated
    ? `most removed within ${TOLERATED_LOSS_POINTS} points of full (${percent(full.accuracy, 2)}): ${settingText(lastTolerated)}`
    : `no setting stays within ${TOLERATED_LOSS_POINTS} points of full (${percent(full.accuracy, 2)})`;
  const fallen = firstBeyond
    ? `accuracy has fallen by more than ${TOLERATED_LOSS_POINTS} points first at ${settingText(firstBeyond)}`
    : `accuracy falls by more than ${TOLERATED_LOSS_POINTS} points at no setting`;
  return [kept, fallen];
}

/** The points of a redundancy study by falling share of tokens, with their difference to full. */
export function redundancyTable(study: Redundancy, markdown = false): string[] {
  const rows: RedundancyPoint[] = [{ ...study.full, difference: 0 }, ...study.points];
  const table = markdown ? markdownTable : textTable;
  const [setting, accuracy, ...others] = SETTING_COLUMNS;
  const columns = [setting, accuracy, DIFFERENCE, ...others].filter((column) => column !== undefined);
  return table(columns, rows);
}
