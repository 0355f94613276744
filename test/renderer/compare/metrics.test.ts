// @vitest-environment happy-dom
import { mount } from '@vue/test-utils';
import { describe, expect, it } from 'vitest';
import MetricsTable from '../../../src/renderer/src/views/compare/batch/MetricsTable.vue';
import SettingsTable from '../../../src/renderer/src/views/compare/batch/SettingsTable.vue';
import { formatScore, scoreTitle } from '../../../src/renderer/src/views/runs/run-score.ts';
import type { BatchDetail } from '../../../src/shared/api/compare.ts';
import type { EvaluationReport, Metric, SettingResult } from '../../../src/shared/evaluation.ts';

const setting = (compression: string, metrics?: Metric[]): SettingResult => ({
  ...{ compression, score: { questions: 4, correct: 1 }, accuracy: 0.25, interval: [0.1, 0.6], byType: {} },
  ...{ visualTokens: 1, retainedPercent: 100, compressionRatio: 100, flopsPaper: 1, flopsExact: 1 },
  ...{ prefillMs: 1, totalMs: 1, ...(metrics && { metrics }) },
});
const points = (value: number): Metric => ({ name: 'perception', value, unit: 'points' });
const share = (value: number): Metric => ({ name: 'OCR accuracy', value, unit: '%' });

const reportOf = (scorer: EvaluationReport['scorer'], ...settings: SettingResult[]): EvaluationReport => ({
  ...{ model: 'm', data: 'd', questions: 4, images: 1, layers: 2, loadMs: 1, visionMs: 1, durationMs: 1 },
  ...{ settings, ...(scorer && { scorer }) },
});

function headsOf(report: EvaluationReport): { heads: string[]; text: string } {
  const detail = { report, changes: report.settings.map(() => ({ lost: 0, gained: 0 })) } as unknown as BatchDetail;
  const table = mount(SettingsTable, { props: { detail } });
  return { heads: table.findAll('thead th').map((head) => head.text()), text: table.text() };
}

describe('the settings of a batch', () => {
  it('begin with what a benchmark is known by', () => {
    const { heads, text } = headsOf(reportOf('mme', setting('none', [points(1486.34), share(80)])));
    expect(heads.slice(0, 3)).toEqual(['Setting', 'perception', 'Accuracy']);
    expect(text).toContain('1486.3 points');
  });

  it('have accuracy alone where there is no benchmark, and none where a judge outside scores', () => {
    expect(headsOf(reportOf(undefined, setting('none'))).heads.slice(0, 2)).toEqual(['Setting', 'Accuracy']);
    expect(headsOf(reportOf('outside', setting('none'))).heads).toEqual(['Setting', 'CR', expect.any(String), 'Time']);
  });
});

describe('the results of a benchmark', () => {
  it('are a row each, with a column for each setting', () => {
    const report = reportOf('mme', setting('none', [points(100), share(80)]), setting('2/8', [points(90)]));
    const rows = mount(MetricsTable, { props: { report } }).findAll('tbody tr');
    expect(rows.map((row) => row.findAll('th, td').map((cell) => cell.text()))).toEqual([
      ['perception', '100.0 points', '90.0 points'],
      ['OCR accuracy', '80.00 %', '–'],
    ]);
  });
});

describe('the score of a run', () => {
  const score = {
    evaluation: 'e',
    compression: '2/8',
    accuracy: 0.25,
    interval: [0, 1] as [number, number],
    questions: 4,
  };

  it('is that of the benchmark where there is one', () => {
    expect(formatScore({ ...score, metric: points(1486.34) })).toBe('1486.3');
    expect(formatScore({ ...score, metric: share(78.52) })).toBe(formatScore({ ...score, accuracy: 0.7852 }));
    expect(scoreTitle({ ...score, metric: points(1) })).toBe('perception, points, of 4 questions at 2/8');
    expect(scoreTitle(score)).toBe('4 questions at 2/8');
    expect(scoreTitle(undefined)).toBeUndefined();
  });
});
