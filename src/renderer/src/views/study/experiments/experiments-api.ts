import {
  experimentDetailSchema,
  experimentListSchema,
  experimentReportSchema,
  experimentRowSchema,
  type ExperimentDetail,
  type ExperimentRow,
} from '../../../../../shared/api/experiments.ts';
import { doneSchema } from '../../../../../shared/api/failures.ts';
import { read, studio } from '../../../api/client.ts';

const routes = studio.api.experiments;

/** All that can be run or were run. @throws ApiError */
export async function listExperiments(signal: AbortSignal): Promise<ExperimentRow[]> {
  return (await read(experimentListSchema, routes.$get({}, { init: { signal } }))).experiments;
}

/** @throws ApiError */
export function getExperiment(name: string, signal: AbortSignal): Promise<ExperimentDetail> {
  return read(experimentDetailSchema, routes[':name'].$get({ param: { name } }, { init: { signal } }));
}

/** Runs what is missing. @throws ApiError */
export function startExperiment(name: string): Promise<ExperimentRow> {
  return read(experimentRowSchema, routes[':name'].start.$post({ param: { name } }));
}

/** @throws ApiError */
export async function stopExperiment(name: string): Promise<void> {
  await read(doneSchema, routes[':name'].stop.$post({ param: { name } }));
}

/** The page of results and its chart. @throws ApiError */
export async function reportFiles(name: string): Promise<{ name: string; content: string }[]> {
  return (await read(experimentReportSchema, routes[':name'].report.$get({ param: { name } }))).files;
}
