/** The job `probe`: a few optimizer steps at every compression setting of a recipe, measured. It leaves no file. */
import { parseCompression } from '../../../shared/compression.ts';
import type { EngineMessage } from '../../../shared/engine-protocol.ts';
import type { ProbedRun, ProbedStage, ProbeJob } from '../../../shared/probe.ts';
import type { TrainMetrics, VisionMetrics } from '../../../shared/metrics.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { StageSpec } from '../../../shared/stage-plan.ts';
import { sum } from '../../../shared/sum.ts';
import type { JobControl } from '../jobs/job-control.ts';
import { prepareTraining, type PreparedTraining } from './prepare-training.ts';
import { measureSave } from './probe-save.ts';
import { loadRecipe } from './recipe-file.ts';
import { withAbsolutePaths } from './recipe-paths.ts';
import type { TrainingMeasures } from './training-measures.ts';

/** The first steps of a setting also record its functions and fill the allocator: they do not count. */
const [WARM_UP, MEASURED] = [2, 6];
const STEPS = WARM_UP + MEASURED;

type Metrics = TrainMetrics | VisionMetrics;

/** A step and the part of it that made features which are kept. */
interface ProbedStep {
  readonly metrics: Metrics;
  readonly featuresMs: number;
  /** Functions that were recorded in it. */
  readonly recorded: number;
}

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

const computeMs = ({ metrics, featuresMs }: ProbedStep): number => metrics.stepMs - featuresMs;

/** Time of the mean step: rows differ in length, so it is a speed that is measured. */
function meanStepMs(steps: readonly ProbedStep[], meanFlops: number | undefined): number {
  if (meanFlops === undefined) return middle(steps.map(computeMs));
  const msPerFlop = steps.map((step) =>
    'flopsExact' in step.metrics ? computeMs(step) / step.metrics.flopsExact : computeMs(step) / meanFlops,
  );
  return meanFlops * middle(msPerFlop);
}

/** What recording a function takes on top of a step without. */
function recordingMs(steps: readonly ProbedStep[], stepMs: number): number {
  const recording = steps.filter(({ recorded }) => recorded > 0);
  const functions = sum(recording.map(({ recorded }) => recorded));
  const extra = sum(recording.map((step) => Math.max(0, computeMs(step) - stepMs)));
  return functions === 0 ? 0 : extra / functions;
}

function measured(steps: readonly ProbedStep[], measures: TrainingMeasures | undefined): ProbedStage {
  const last = steps.at(-1);
  if (!last) throw new Error('a setting was measured in at least one step');
  const compression = 'compression' in last.metrics ? last.metrics.compression : 'none';
  const spread = measures?.spread(parseCompression(compression));
  const counted = steps.slice(WARM_UP).filter(({ recorded }) => recorded === 0);
  const plain = counted.length > 0 ? counted : steps.slice(WARM_UP);
  const stepMs = meanStepMs(plain, spread?.flopsExact);
  return {
    ...{ compression, stepMs, steps: plain.length, memoryBytes: last.metrics.memoryBytes },
    recordMs: recordingMs(steps, stepMs),
    shapes: [...(spread?.shapes ?? [1])],
    visualTokens: spread?.visualTokens ?? 0,
  };
}

/** Turns the loop's metrics into steps: counters of a whole process become those of a step. */
class StepReader {
  private before = { featuresMs: 0, recorded: 0 };
  private readonly measures: TrainingMeasures | undefined;

  constructor(measures: TrainingMeasures | undefined) {
    this.measures = measures;
  }

  read(metrics: Metrics): ProbedStep {
    const { featuresMs, recorded } = this.before;
    const now = { featuresMs: this.measures?.featuresMs ?? 0, recorded: metrics.functionsRecorded ?? 0 };
    this.before = now;
    return { metrics, featuresMs: now.featuresMs - featuresMs, recorded: now.recorded - recorded };
  }
}

async function measuredRun(prepared: PreparedTraining): Promise<ProbedRun> {
  const { measures } = prepared;
  const saving = await measureSave(prepared);
  const features = measures?.features();
  return {
    ...saving,
    growthBytes: measures?.growthBytes() ?? 0,
    ...(features && { features }),
  };
}

/** Measures a recipe. Told to stop, it leaves the other settings out. @throws InputError as a training would */
export async function* runProbeJob(job: ProbeJob, control: JobControl): AsyncGenerator<EngineMessage> {
  const recipe = shortened(withAbsolutePaths(loadRecipe(job.recipe, job.overrides), process.cwd()));
  const prepared = await prepareTraining(recipe);
  try {
    const reader = new StepReader(prepared.measures);
    let steps: ProbedStep[] = [];
    for await (const event of prepared.loop.run()) {
      await control.breathe();
      if (control.stopRequested) break;
      if (event.type === 'micro') continue;
      steps.push(reader.read(event.metrics));
      if (event.metrics.step % STEPS !== 0) continue;
      yield { type: 'probe', stage: measured(steps, prepared.measures) };
      steps = [];
    }
    if (!control.stopRequested) yield { type: 'probed-run', run: await measuredRun(prepared) };
  } finally {
    prepared.dispose();
  }
  yield { type: 'done' };
}
