/** The job `probe`: a few optimizer steps at every compression setting of a recipe, measured. It leaves no file. */
import type { EngineMessage } from '../../../shared/engine-protocol.ts';
import type { ProbedStage, ProbeJob } from '../../../shared/probe.ts';
import type { TrainMetrics, VisionMetrics } from '../../../shared/metrics.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { StageSpec } from '../../../shared/stage-plan.ts';
import type { JobControl } from '../jobs/job-control.ts';
import { prepareTraining } from './prepare-training.ts';
import { loadRecipe } from './recipe-file.ts';
import { withAbsolutePaths } from './recipe-paths.ts';

/** The first steps of a setting also record its functions and fill the allocator: they do not count. */
const [WARM_UP, MEASURED] = [2, 3];
const STEPS = WARM_UP + MEASURED;

/** Each setting once, in the order of the stages. */
function distinctSettings(stages: readonly StageSpec[]): StageSpec[] {
  const names = stages.map(({ compression, compressor }) => `${compressor} ${compression}`);
  return stages.filter((_, i) => names.indexOf(names[i] as string) === i);
}

/** The recipe with a short stage for each of its settings. */
function shortened(recipe: Recipe): Recipe {
  const withSteps = (steps: number) => ({ steps, epochs: undefined });
  if (recipe.phase === 'vision') return { ...recipe, optimizer: { ...recipe.optimizer, ...withSteps(STEPS) } };
  const stages = distinctSettings(recipe.stages).map(({ compression, compressor }, i) => ({
    ...{ compression, compressor },
    until: (i + 1) * STEPS,
  }));
  return { ...recipe, stages, optimizer: { ...recipe.optimizer, ...withSteps(stages.length * STEPS) } };
}

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

function measured(steps: readonly (TrainMetrics | VisionMetrics)[]): ProbedStage {
  const last = steps.at(-1);
  if (!last) throw new Error('a setting was measured in at least one step');
  const compression = 'compression' in last ? last.compression : 'none';
  const stepMs = middle(steps.map((step) => step.stepMs));
  return { compression, stepMs, steps: steps.length, memoryBytes: last.memoryBytes };
}

/** Measures a recipe. Told to stop, it leaves the other settings out. @throws InputError as a training would */
export async function* runProbeJob(job: ProbeJob, control: JobControl): AsyncGenerator<EngineMessage> {
  const recipe = shortened(withAbsolutePaths(loadRecipe(job.recipe, job.overrides), process.cwd()));
  const prepared = await prepareTraining(recipe);
  try {
    let steps: (TrainMetrics | VisionMetrics)[] = [];
    for await (const event of prepared.loop.run()) {
      await control.breathe();
      if (control.stopRequested) break;
      if (event.type === 'micro') continue;
      steps.push(event.metrics);
      if (event.metrics.step % STEPS !== 0) continue;
      yield { type: 'probe', stage: measured(steps.slice(WARM_UP)) };
      steps = [];
    }
  } finally {
    prepared.dispose();
  }
  yield { type: 'done' };
}
