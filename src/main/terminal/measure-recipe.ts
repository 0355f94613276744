import type { ProbedRun, ProbedStage, ProbeResult } from '../../shared/probe.ts';
import { runEngineJob } from '../studio/engine-job.ts';

/**
 * Measures a few steps of every setting of a recipe in an engine process.
 *
 * @param recipe a YAML file, or the name of a preset
 * @throws JobFailure where the recipe cannot be trained
 */
export async function measureRecipe(recipe: string, overrides: string[]): Promise<ProbeResult> {
  const stages: ProbedStage[] = [];
  let run: ProbedRun | undefined;
  for await (const message of runEngineJob({ kind: 'probe', recipe, overrides })) {
    if (message.type === 'probe') stages.push(message.stage);
    if (message.type === 'probed-run') run = message.run;
  }
  if (!run) throw new Error('a probe that ends by itself tells what holds for the run');
  return { stages, run };
}
