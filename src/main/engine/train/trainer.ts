/**
 * The hot loop of training on conversations: next samples → stage → gradients → clip → update → metrics. It knows no
 * process, file or window; whoever reads the generator decides when to save, show or stop.
 */
import type { Compression } from '../../../shared/compression.ts';
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import type { InstructRecipe } from '../../../shared/recipe.ts';
import type { LlavaConfig } from '../model/config.ts';
import { Parameters } from '../model/parameters.ts';
import type { WeightTensor } from '../model/weight-tensor.ts';
import type { Checkpoint } from './checkpoint-format.ts';
import { INITIAL_STATE, type LoopState } from './loop-state.ts';
import { StageScheduler } from './stage-scheduler.ts';
import { stepMetrics, supervisedTokens } from './step-metrics.ts';
import { Stopwatch } from './stopwatch.ts';
import { GradientStep, type MicroBatch } from './train-step.ts';
import { isTrained } from './trained-parts.ts';
import type { Position, Snapshot, TrainingEvent, TrainingLoop } from './training-loop.ts';
import { Updater } from './updater.ts';

/** Where samples come from. */
export interface StepSource {
  /** Optimizer steps in one pass over the data. */
  readonly stepsPerEpoch: number;
  /** The micro-batches of the optimizer step that starts at `position`, and where the next one starts. */
  read(position: Position): Promise<{ readonly microBatches: readonly MicroBatch[]; readonly next: Position }>;
}

export interface TrainerSetup {
  readonly recipe: InstructRecipe;
  readonly config: LlavaConfig;
  readonly weights: ReadonlyMap<string, WeightTensor>;
  /** Names of the weights that a snapshot holds; by default all. */
  readonly saved?: (name: string) => boolean;
  readonly source: StepSource;
  /** Optimizer steps of the whole run. */
  readonly totalSteps: number;
  /** Optimizer tensors and loop state of a checkpoint to go on from; `weights` are its weights then. */
  readonly from?: Pick<Checkpoint, 'optimizer' | 'state'>;
  /** By default graph. */
  readonly execution?: ExecutionMode;
}

/** One run of instruction tuning, with the recipe's stages of compression. */
export class Trainer implements TrainingLoop {
  readonly scheduler: StageScheduler;
  private readonly setup: TrainerSetup;
  private readonly parameters: Parameters;
  private readonly gradientStep: GradientStep;
  private readonly updater: Updater;
  private state: LoopState;

  constructor(setup: TrainerSetup) {
    const { recipe, config, weights, totalSteps, from, execution } = setup;
    this.setup = setup;
    this.scheduler = new StageScheduler(recipe, totalSteps, config.text.layers);
    this.parameters = new Parameters(weights, isTrained(recipe.train, config));
    const { precision, gradientCheckpointing } = recipe.train;
    const options = { precision, gradientCheckpointing, ...(execution && { execution }) };
    this.gradientStep = new GradientStep(this.parameters, config, options);
    this.updater = new Updater(this.parameters, recipe.optimizer, totalSteps, from?.optimizer);
    this.state = from?.state ?? INITIAL_STATE;
  }

  get totalSteps(): number {
    return this.setup.totalSteps;
  }

  get step(): number {
    return this.state.step;
  }

  async *run(): AsyncGenerator<TrainingEvent> {
    while (this.step < this.totalSteps) yield* this.optimizerStep();
  }

  snapshot(): Snapshot {
    return { weights: this.parameters.toHost(this.setup.saved), optimizer: this.updater.toHost(), state: this.state };
  }

  dispose(): void {
    this.gradientStep.dispose();
    this.updater.dispose();
    this.parameters.dispose();
  }

  private async *optimizerStep(): AsyncGenerator<TrainingEvent> {
    const { config, recipe, source } = this.setup;
    const stage = this.scheduler.at(this.step);
    const watch = new Stopwatch();
    const { microBatches, next } = await source.read(this.state.position);
    const rows = microBatches.flatMap((micro) => micro.rows);
    // The loss is the mean over the supervised tokens of the whole step, so accumulating equals one large batch.
    const supervised = rows.reduce((total, row) => total + supervisedTokens(row), 0);
    for (const micro of microBatches.slice(this.state.microBatch)) {
      this.addMicroBatch(micro, stage.compression, Math.max(supervised, 1));
      const { step, microBatch } = this.state;
      if (microBatch === microBatches.length) break;
      watch.pause();
      yield { type: 'micro', step, microBatch, of: microBatches.length };
      watch.resume();
    }
    const update = this.updater.apply(this.step, this.state.partialLoss, () => rows.map(({ id }) => id));
    const { stepsPerEpoch } = source;
    const measured = { stepMs: watch.pause(), functions: this.gradientStep.counts };
    const facts = { ...update, ...measured, rows, stage, config, train: recipe.train, stepsPerEpoch };
    const { metrics, totals } = stepMetrics(this.state, facts);
    this.state = { step: this.step + 1, microBatch: 0, partialLoss: 0, position: next, totals };
    yield { type: 'step', metrics };
  }

  private addMicroBatch(micro: MicroBatch, compression: Compression, normaliser: number): void {
    const { loss, gradients } = this.gradientStep.run(micro, compression, normaliser);
    this.updater.gradient.add(gradients);
    const { microBatch, partialLoss } = this.state;
    this.state = { ...this.state, microBatch: microBatch + 1, partialLoss: partialLoss + loss };
  }
}
