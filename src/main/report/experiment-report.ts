/** The page of an experiment: what each scheme costs and is worth, and whether the differences are more than noise. */
import { codeBlock } from '../../shared/markdown.ts';
import type { ExperimentResult } from '../../shared/experiment/result.ts';
import { accuracySection, settingsSection } from './accuracy-section.ts';
import { compressorSection } from './compressor-section.ts';
import { machineSection, PROGRAM } from './reproduce-section.ts';
import type { RunResult } from './run-result.ts';
import { significanceSection } from './significance-section.ts';
import { towerSection } from './tower-section.ts';

/** What a page is made of. */
export interface ReportedExperiment {
  readonly description: string;
  readonly result: ExperimentResult;
  /** Its runs, the prepared one too. */
  readonly runs: readonly RunResult[];
  /** The experiment's file, word for word. */
  readonly file: string;
  /** How it is run and reported, without the program's name. */
  readonly commands: readonly string[];
  /** File name of the loss curves beside the page; undefined where there is none. */
  readonly chart: string | undefined;
}

function introduction({ description, result: { name, questions, schemes, missing } }: ReportedExperiment): string {
  const seeds = Math.max(...schemes.map(({ runs }) => runs.length));
  const counts = `${schemes.length} schemes, ${seeds === 1 ? 'one seed' : `up to ${seeds} seeds`} each, ${questions} test questions.`;
  const absent = missing.length === 0 ? [] : [`**Not finished yet:** ${missing.join(', ')}.`];
  return [
    `# ${name}`,
    ...(description === '' ? [] : [description.trim()]),
    `Every number below was measured by this program and stands in the folders of the runs; \`llavolta experiment report\` wrote
this page from them. ${counts}`,
    ...absent,
  ].join('\n\n');
}

function lossSection({ chart, result }: ReportedExperiment): string[] {
  if (chart === undefined) return [];
  const what = `Training loss, mean over the seeds, smoothed over 4 % of the steps. A stage that compresses more has a higher loss;
what counts is where the curves end.`;
  return ['## Loss', what, `![Loss curves of ${result.schemes.length} schemes](${chart})`];
}

function againSection({ commands, file }: ReportedExperiment): string {
  const lines = commands.map((command) => `${PROGRAM} ${command}`).join('\n');
  const what = 'What is there already is kept, and what was interrupted goes on. The experiment file:';
  return ['## Reproduce', codeBlock('sh', lines), what, codeBlock('yaml', file)].join('\n\n');
}

/** The page as Markdown. The same runs and answers give the same text. */
export function experimentReport(experiment: ReportedExperiment): string {
  const { result, runs } = experiment;
  const sections = [
    introduction(experiment),
    accuracySection(result.schemes),
    significanceSection(result.schemes),
    compressorSection(result.schemes),
    settingsSection(result.schemes),
    ...lossSection(experiment),
    ...towerSection(runs),
    againSection(experiment),
    machineSection(runs),
  ];
  return `${sections.filter((section) => section !== undefined).join('\n\n')}\n`;
}
