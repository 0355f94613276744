import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { EvaluateJob, EvaluationReport, SettingResult } from '../../shared/evaluation.ts';
import type { LiveLine } from '../terminal/live-line.ts';
import { progressText } from '../terminal/evaluation-view.ts';
import type { Column } from '../../shared/markdown.ts';
import { textTable } from '../terminal/table.ts';
import { engineWork } from './engine-work.ts';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const settingName = (compression: string): string => (compression === 'none' ? 'full' : compression);

const COLUMNS: readonly Column<SettingResult>[] = [
  { title: 'K/S', cell: ({ compression }) => settingName(compression), align: 'left' },
  { title: 'visual tokens, all layers', cell: ({ visualTokens }) => visualTokens.toFixed(0) },
  { title: 'left', cell: ({ retainedPercent }) => `${retainedPercent.toFixed(1)} %` },
  { title: 'CR', cell: ({ compressionRatio }) => `${compressionRatio.toFixed(0)} %` },
  { title: 'accuracy', cell: ({ accuracy }) => percent(accuracy) },
  { title: '95 % interval', cell: ({ interval: [low, high] }) => `${percent(low)} to ${percent(high)}` },
];

/** What an evaluation found, as lines for the terminal. */
export function evaluationLines({ settings }: EvaluationReport): string[] {
  return textTable(COLUMNS, settings);
}

/**
 * Evaluates a model and keeps the report as JSON.
 *
 * @param file where the report is kept
 * @throws DemoStopped where the evaluation does not come to its end
 */
export async function evaluateAndKeep(job: EvaluateJob, file: string, line: LiveLine): Promise<EvaluationReport> {
  const found: { report?: EvaluationReport } = {};
  await engineWork(job, (message) => {
    if (message.type === 'evaluation-progress') line.show(progressText(message.progress));
    if (message.type === 'evaluation-report') found.report = message.report;
  });
  if (!found.report) throw new Error('an evaluation that ended well has a report');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(found.report, null, 2)}\n`);
  return found.report;
}
