/** An experiment's numbers and findings as the page words them. */
import type { ExperimentRow, ExperimentRunState } from '../../../../../shared/api/experiments.ts';
import type { Comparison, ExperimentResult, Spread } from '../../../../../shared/experiment/result.ts';
import { formatProbability } from '../../../../../shared/probability-words.ts';
import { signed } from '../../../../../shared/signed.ts';
import type { LineSeries } from '../../../components/chart/series.ts';

/** −1.20, +0.05, 0.00. */
export const formatPoints = (value: number): string => signed(value, 2);

/** 98.05 ± 1.36; the mean alone of one seed. */
export function formatSpread({ mean, deviation }: Spread): string {
  return deviation === undefined ? mean.toFixed(2) : `${mean.toFixed(2)} ± ${deviation.toFixed(2)}`;
}

/** A finding in few words, and how it is tinted. */
export interface Finding {
  readonly text: string;
  readonly tone: 'good' | 'bad' | 'calm' | 'warn';
}

const WORDS: Readonly<Record<Comparison['verdict'], Finding>> = {
  worse: { text: 'Worse', tone: 'bad' },
  better: { text: 'Better', tone: 'good' },
  'not-significant': { text: 'No significant loss', tone: 'calm' },
  'too-few-seeds': { text: 'Too few seeds to say', tone: 'warn' },
};

const rangeText = ([low, high]: readonly [number, number]): string => `${formatPoints(low)} to ${formatPoints(high)}`;

/** What a comparison allows to say. */
export const findingOf = ({ verdict }: Comparison): Finding => WORDS[verdict];

/**
 * What it rests on: intervals over seeds, and over questions and seeds; questions lost and gained; McNemar's p.
 *
 * @param corrected McNemar's p, corrected for the number of schemes
 */
export function evidenceOf({ overSeeds, paired }: Comparison, corrected = 1): [string, string, string, string] {
  const seeds = overSeeds ? rangeText(overSeeds) : '–';
  if (!paired) return [seeds, '–', '–', '–'];
  const { overQuestionsAndSeeds, lost, gained } = paired;
  return [seeds, rangeText(overQuestionsAndSeeds), `${lost} / ${gained}`, formatProbability(corrected)];
}

const ACTIVITY: Readonly<Record<ExperimentRunState['state'], string>> = {
  waiting: 'waits',
  training: 'trains',
  asking: 'answers the test questions',
  done: 'is done',
  failed: 'failed',
};

/** How far an experiment is. */
export interface ExperimentProgress {
  readonly done: number;
  readonly total: number;
  /** What happens now, or what went wrong; undefined where there is nothing to say. */
  readonly text: string | undefined;
  readonly failed: readonly ExperimentRunState[];
}

export function progressOf({ runs, isRunning }: ExperimentRow): ExperimentProgress {
  const active = runs.find(({ state }) => state === 'training' || state === 'asking');
  return {
    done: runs.filter(({ state }) => state === 'done').length,
    total: runs.length,
    text: isRunning && active ? `${active.run} ${ACTIVITY[active.state]}` : undefined,
    failed: runs.filter(({ state }) => state === 'failed'),
  };
}

/** A line for each scheme, in the table's order. */
export function curvesOf({ curves }: Pick<ExperimentResult, 'curves'>): LineSeries[] {
  return curves.map(({ name, steps, losses }) => ({ id: name, label: name, x: steps, y: losses }));
}
