import { metricsAnswerSchema, type MetricKey, type XAxis } from '../../../../../shared/api/metrics-query.ts';
import { read, studio } from '../../../api/client.ts';
import { RunCurves } from '../metrics/run-curves.ts';

/** Points of a curve that are asked for: about two for each pixel of a wide chart, as a slice gives its least and greatest. */
const POINTS = 2000;

/** Part of a run's curves that is asked for. */
export interface CurveQuery {
  readonly axis: XAxis;
  readonly keys: readonly MetricKey[];
  /** In units of the axis; left out = all of it. */
  readonly range?: { readonly from: number; readonly to: number } | undefined;
}

/**
 * The recorded curves of a run.
 *
 * @throws ApiError; DOMException named AbortError where `signal` ended it
 */
export async function fetchCurves(run: string, query: CurveQuery, signal: AbortSignal): Promise<RunCurves> {
  const { axis, keys, range } = query;
  const limits = range && { from: String(range.from), to: String(range.to) };
  const answer = await read(
    metricsAnswerSchema,
    studio.api.runs[':name'].metrics.$get(
      { param: { name: run }, query: { keys: keys.join(','), x: axis, points: String(POINTS), ...limits } },
      { init: { signal } },
    ),
  );
  return new RunCurves(answer, query);
}
