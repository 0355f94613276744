/** Keeps what an experiment found in its folder: result.json, and the page of results with its chart. */
import { basename, dirname, extname, join } from 'node:path';
import { experimentReport } from '../report/experiment-report.ts';
import { lossChart } from '../report/loss-chart.ts';
import { writeJsonFile, writeTextFile } from '../studio/json-file.ts';
import { shownFile } from '../terminal/shown-file.ts';
import { filesOf, type Places, type ReadExperiment } from './experiment-file.ts';
import { findingsOf, type Findings } from './experiment-result.ts';

/** The page and its chart, as texts. */
export interface ResultsPage {
  readonly markdown: string;
  readonly chart: string;
  /** File name of the chart, as the page names it. */
  readonly chartName: string;
}

/** File name of the loss curves beside a page. */
const chartNameOf = (page: string): string => `${basename(page, extname(page))}-loss.svg`;

/**
 * The page of results.
 *
 * @param page the file it is for; undefined where it is printed, without a chart
 */
export function resultsPage(
  { experiment, source, text }: ReadExperiment,
  { result, runs }: Findings,
  page: string | undefined,
): ResultsPage {
  const chartName = page === undefined ? undefined : chartNameOf(page);
  const markdown = experimentReport({
    ...{ description: experiment.description, result, runs, file: text, chart: chartName },
    commands: [
      `experiment run ${source}`,
      `experiment report ${source}${page === undefined ? '' : ` --out ${shownFile(page)}`}`,
    ],
  });
  const title = `${experiment.name}: training loss, mean over seeds`;
  return { markdown, chart: lossChart(title, result.curves), chartName: chartName ?? '' };
}

/** Writes a page and, beside it, its chart. @returns the files */
export async function writePage(page: string, { markdown, chart, chartName }: ResultsPage): Promise<string[]> {
  const picture = join(dirname(page), chartName);
  await writeTextFile(page, markdown);
  await writeTextFile(picture, chart);
  return [page, picture];
}

/** Reads all runs and keeps the result in the experiment's folder. @throws InputError as `findingsOf` */
export async function keepResult({ experiment }: ReadExperiment, places: Places): Promise<Findings> {
  const findings = findingsOf(experiment, places);
  await writeJsonFile(filesOf(experiment, places).result, findings.result);
  return findings;
}
