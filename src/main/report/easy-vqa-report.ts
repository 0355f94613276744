/** The report on easy-VQA: what staged compression costs and is worth, from run folders alone. */
import { clockTime } from '../terminal/training-view.ts';
import { accuracySection, significanceSection } from './accuracy-section.ts';
import { table } from '../../shared/markdown.ts';
import { redundancySection } from './redundancy-section.ts';
import { machineSection, reproduceSection } from './reproduce-section.ts';
import type { RunResult } from './run-result.ts';
import { groupSchemes } from './schemes.ts';

const INTRODUCTION = `# easy-VQA: training with compressed visual tokens, stage by stage

Every number below was measured by this program and stands in the folders of the runs; \`llavolta report\` wrote this page from them.`;

/** The towers' own trainings: the same for all schemes, so their time is no scheme's. */
function towerSection(runs: readonly RunResult[]): string[] {
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

function byPhaseNameAndSeed(a: RunResult, b: RunResult): number {
  if (a.phase !== b.phase) return a.phase === 'vision' ? -1 : 1;
  if (a.recipe.name !== b.recipe.name) return a.recipe.name < b.recipe.name ? -1 : 1;
  return a.recipe.seed - b.recipe.seed;
}

/**
 * The report as Markdown. The same folders give the same text.
 *
 * @param reportCommand the command that writes it, without the program's name
 * @throws InputError where the runs do not belong together
 */
export function easyVqaReport(results: readonly RunResult[], reportCommand: string): string {
  const runs = [...results].sort(byPhaseNameAndSeed);
  const schemes = groupSchemes(runs);
  const sections = [
    INTRODUCTION,
    accuracySection(schemes),
    significanceSection(schemes),
    ...towerSection(runs),
    redundancySection(schemes),
    reproduceSection(runs, reportCommand),
    machineSection(runs),
  ];
  return `${sections.join('\n\n')}\n`;
}
