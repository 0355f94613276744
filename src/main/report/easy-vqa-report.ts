/** The report on easy-VQA: what staged compression costs and is worth, from run folders alone. */
import { accuracySection } from './accuracy-section.ts';
import { redundancySection } from './redundancy-section.ts';
import { machineSection, reproduceSection } from './reproduce-section.ts';
import type { RunResult } from './run-result.ts';
import { groupSchemes } from './schemes.ts';
import { significanceSection } from './significance-section.ts';
import { fullScheme, summariseSchemes } from './summary.ts';
import { towerSection } from './tower-section.ts';

const INTRODUCTION = `# easy-VQA: training with compressed visual tokens, stage by stage

Every number below was measured by this program and stands in the folders of the runs; \`llavolta report\` wrote this page from them.`;

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
  const summaries = summariseSchemes(schemes, fullScheme(schemes));
  const sections = [
    INTRODUCTION,
    accuracySection(summaries),
    significanceSection(summaries),
    ...towerSection(runs),
    redundancySection(schemes),
    reproduceSection(runs, reportCommand),
    machineSection(runs),
  ];
  return `${sections.join('\n\n')}\n`;
}
