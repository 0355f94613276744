import { table } from '../../shared/markdown.ts';
import { clockTime } from '../terminal/training-view.ts';
import type { RunResult } from './run-result.ts';

/** The towers' own trainings: the same for all schemes, so their time is no scheme's. */
export function towerSection(runs: readonly RunResult[]): string[] {
  const towers = runs.filter((run) => run.phase === 'vision');
  if (towers.length === 0) return [];
  const rows = towers.map(({ recipe, plan, trainingMs, accuracy }) => [
    recipe.name,
    String(plan.totalSteps),
    clockTime(trainingMs),
    (100 * accuracy).toFixed(2),
  ]);
  const head = [
    'recipe',
    'steps',
    'training time',
    'accuracy of its own heads on augmented training images, last steps %',
  ];
  const what = 'Trained once, before and apart from the schemes, and frozen in all of them.';
  return ['## The vision tower', what, table(head, rows)];
}
