/** Time and memory of a run from a short measured training: nothing here is guessed. */
import type { ProbedStage } from '../../../../../shared/api/recipes.ts';
import { formatCompression, type Compression } from '../../../../../shared/compression.ts';
import { sum } from '../../../../../shared/sum.ts';

/** Steps that the run takes at one setting. */
export interface StagedSteps {
  readonly compression: Compression;
  readonly steps: number;
}

export interface MeasuredCost {
  readonly totalMs: number;
  /** The same steps without compression; undefined where full training was not measured. */
  readonly fullMs: number | undefined;
  /** Largest resident memory of the engine. */
  readonly memoryBytes: number;
}

/**
 * The cost of a run, or undefined where one of its settings was not measured.
 *
 * @param probed settings with the layers of the model that runs
 */
export function measuredCost(stages: readonly StagedSteps[], probed: readonly ProbedStage[]): MeasuredCost | undefined {
  const measured = new Map(probed.map((one) => [one.compression, one]));
  const found = stages.map(({ compression, steps }) => ({
    steps,
    probe: measured.get(formatCompression(compression)),
  }));
  if (found.length === 0 || found.some(({ probe }) => probe === undefined)) return undefined;
  const full = measured.get('none');
  return {
    totalMs: sum(found.map(({ steps, probe }) => steps * (probe?.stepMs ?? 0))),
    fullMs: full && full.stepMs * sum(stages.map(({ steps }) => steps)),
    memoryBytes: Math.max(...found.map(({ probe }) => probe?.memoryBytes ?? 0)),
  };
}
