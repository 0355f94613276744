import { join } from 'node:path';
import { runForecastSchema } from '../../../shared/run-forecast.ts';
import { costsOf, type RunCosts } from '../../../shared/run-costs.ts';
import { stretchesOf, type RunRecord } from '../../../shared/run-record.ts';
import { readJsonFile } from '../json-file.ts';
import { MetricsTable } from './metrics-table.ts';
import { readRecord, RUN_PATHS } from './run-files.ts';

/** Time between start and end of all sessions; undefined while one goes on or where one was cut off. */
function wallMsOf({ sessions }: RunRecord): number | undefined {
  const times = sessions.map(({ startedAt, endedAt }) => Date.parse(endedAt ?? '') - Date.parse(startedAt));
  return times.length === 0 || times.some(Number.isNaN) ? undefined : times.reduce((total, ms) => total + ms, 0);
}

/**
 * What a run took so far, beside its forecast.
 *
 * @param metrics of the run, already refreshed
 * @throws RequestError where its forecast.json cannot be read
 */
export async function runCosts(folder: string, metrics: MetricsTable): Promise<RunCosts> {
  const record = await readRecord(folder);
  const forecast = await readJsonFile(join(folder, RUN_PATHS.forecast), runForecastSchema);
  const rows = { length: metrics.length, value: metrics.valueAt.bind(metrics) };
  const wallMs = record && wallMsOf(record);
  return {
    ...costsOf(record?.plan ? stretchesOf(record.plan) : [], rows),
    ...(wallMs !== undefined && { wallMs }),
    ...(forecast && { forecast }),
  };
}

/** The same of a folder that nobody holds open. */
export async function readRunCosts(folder: string): Promise<RunCosts> {
  const metrics = new MetricsTable(join(folder, RUN_PATHS.metrics));
  await metrics.refresh();
  return runCosts(folder, metrics);
}
