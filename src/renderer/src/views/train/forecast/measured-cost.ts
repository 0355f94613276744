/** Time and memory of a run from a short measured training: nothing here is guessed. */
import type { ProbeResult } from '../../../../../shared/probe.ts';
import { forecastRun, type ForecastPlan, type ForecastSteps } from '../../../../../shared/run-forecast.ts';

export interface MeasuredCost {
  readonly totalMs: number;
  /** The same steps without compression; undefined where full training was not measured. */
  readonly fullMs: number | undefined;
  /** Largest resident memory of the engine. */
  readonly memoryBytes: number;
}

/**
 * The cost of a run, saving included, or undefined where one of its settings was not measured.
 *
 * @param stages settings with the layers of the model that runs
 */
export function measuredCost(
  stages: readonly ForecastSteps[],
  probe: ProbeResult,
  settings: Omit<ForecastPlan, 'stages'>,
): MeasuredCost | undefined {
  const forecast = (of: readonly ForecastSteps[]) => forecastRun({ ...settings, stages: of }, probe, '');
  const expected = forecast(stages);
  const full = forecast(stages.map((stage) => ({ ...stage, compression: 'none' })));
  if (!expected) return undefined;
  return { totalMs: expected.run.ms, fullMs: full?.run.ms, memoryBytes: expected.run.memoryBytes };
}
