/**
 * The hot loop: next samples → stage → gradients → clip → update → metrics. It knows no process, file or window;
 * whoever reads the generator decides when to save, show or stop.
 */
import type { TrainMetrics } from '../../../shared/metrics.ts';
import type { InstructRecipe } from '../../../shared/recipe.ts';
import type { EncodedRow } from '../data/batch.ts';
import type { LlavaConfig } from '../model/config.ts';
import type { HostTensor } from '../model/host-tensor.ts';
import { Parameters } from '../model/parameters.ts';
import { clipByGlobalNorm, globalNorm } from './clipping.ts';
import { INITIAL_STATE, type LoopState } from './loop-state.ts';
import { learningRateAt, warmupSteps, type LearningRateSchedule } from './lr-schedule.ts';
import { AdamW } from './optimizer.ts';
import { StageScheduler } from './stage-scheduler.ts';
import { stepMetrics, supervisedTokens } from './step-metrics.ts';
import { AccumulatedGradient, microBatchGradients, type MicroBatch } from './train-step.ts';
import { isTrained } from './trained-parts.ts';

export type Position = LoopState['position'];

/** Where samples come from. */
export interface StepSource {
  /** Optimizer steps in one pass over the data. */
  readonly stepsPerEpoch: number;
  /** The micro-batches of the optimizer step that starts at `position`, and where the next one starts. */
  read(position: Position): Promise<{ readonly microBatches: readonly MicroBatch[]; readonly next: Position }>;
}

/** What the loop reports: after every micro-batch, and after every optimizer step. */
export type TrainingEvent =
  | { readonly type: 'micro'; readonly step: number; readonly microBatch: number; readonly of: number }
  | { readonly type: 'step'; readonly metrics: TrainMetrics };

/** Everything that resuming needs, in host memory. */
export interface Snapshot {
  readonly weights: Map<string, HostTensor>;
  /** `m/<name>`, `v/<name>`; between micro-batches also `gradient/<name>`. */
  readonly optimizer: Map<string, HostTensor>;
  readonly state: LoopState;
}

export interface TrainerSetup {
  readonly recipe: InstructRecipe;
  readonly config: LlavaConfig;
  readonly weights: ReadonlyMap<string, HostTensor>;
  readonly source: StepSource;
  /** Optimizer steps of the whole run. */
  readonly totalSteps: number;
  /** Optimizer tensors and loop state of a checkpoint to go on from; `weights` are its weights then. */
  readonly from?: Pick<Snapshot, 'optimizer' | 'state'>;
}

/** A loss or gradient that is not a number: nothing was updated. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
  readonly step: number;
  readonly loss: number;
  readonly gradNorm: number;
  readonly sampleIds: readonly string[];

  constructor(step: number, loss: number, gradNorm: number, sampleIds: readonly string[]) {
    const ids = sampleIds.slice(0, 8).join(', ') + (sampleIds.length > 8 ? ', …' : '');
    super(`step ${step}: loss ${loss}, gradient norm ${gradNorm}; stopped before the update (samples ${ids})`);
    this.step = step;
    this.loss = loss;
    this.gradNorm = gradNorm;
    this.sampleIds = sampleIds;
  }
}

const GRADIENT_PREFIX = 'gradient/';

/** One training run on the device. Dispose it when done. */
export class Trainer {
  readonly parameters: Parameters;
  readonly scheduler: StageScheduler;
  private readonly setup: TrainerSetup;
  private readonly optimizer: AdamW;
  private readonly schedule: LearningRateSchedule;
  private readonly accumulated = new AccumulatedGradient();
  private state: LoopState;

  constructor(setup: TrainerSetup) {
    const { recipe, config, weights, totalSteps, from } = setup;
    this.setup = setup;
    this.parameters = new Parameters(weights, isTrained(recipe.train, config));
    this.optimizer = new AdamW(this.parameters, recipe.optimizer, from?.optimizer);
    this.scheduler = new StageScheduler(recipe, totalSteps, config.text.layers);
    const { schedule, lr, warmupRatio } = recipe.optimizer;
    this.schedule = { schedule, lr, totalSteps, warmupSteps: warmupSteps(warmupRatio, totalSteps) };
    this.state = from?.state ?? INITIAL_STATE;
    if (from) this.restoreGradient(from.optimizer);
  }

  get totalSteps(): number {
    return this.setup.totalSteps;
  }

  /** Optimizer steps done. */
  get step(): number {
    return this.state.step;
  }

  /** Trains to the last step. A reader may take a snapshot, or leave, at any event. */
  async *run(): AsyncGenerator<TrainingEvent> {
    while (this.state.step < this.setup.totalSteps) yield* this.optimizerStep();
  }

  snapshot(): Snapshot {
    const optimizer = this.optimizer.toHost();
    for (const [name, gradient] of this.accumulated.toHost()) optimizer.set(GRADIENT_PREFIX + name, gradient);
    return { weights: this.parameters.toHost(), optimizer, state: this.state };
  }

  dispose(): void {
    this.accumulated.clear();
    this.optimizer.dispose();
    this.parameters.dispose();
  }

  private async *optimizerStep(): AsyncGenerator<TrainingEvent> {
    const { config, recipe, source } = this.setup;
    const { step } = this.state;
    const stage = this.scheduler.at(step);
    let started = performance.now();
    let ms = 0;
    const { microBatches, next } = await source.read(this.state.position);
    const rows = microBatches.flatMap((micro) => micro.rows);
    const supervised = rows.reduce((total, row) => total + supervisedTokens(row), 0);
    while (this.state.microBatch < microBatches.length) {
      const micro = microBatches[this.state.microBatch] as MicroBatch;
      const { loss, gradients } = microBatchGradients(
        micro,
        stage.compression,
        Math.max(supervised, 1),
        this.parameters,
        config,
      );
      this.accumulated.add(gradients);
      const microBatch = this.state.microBatch + 1;
      this.state = { ...this.state, microBatch, partialLoss: this.state.partialLoss + loss };
      if (microBatch === microBatches.length) break;
      ms += performance.now() - started;
      yield { type: 'micro', step, microBatch, of: microBatches.length };
      started = performance.now();
    }
    const lr = learningRateAt(step, this.schedule);
    const gradNorm = this.update(lr, rows);
    ms += performance.now() - started;
    const { stepsPerEpoch } = source;
    const facts = { rows, stage, lr, gradNorm, stepMs: ms, config, train: recipe.train, stepsPerEpoch };
    const { metrics, totals } = stepMetrics(this.state, facts);
    this.state = { step: step + 1, microBatch: 0, partialLoss: 0, position: next, totals };
    yield { type: 'step', metrics };
  }

  /** Clips and applies the accumulated gradient; returns its norm before clipping. */
  private update(lr: number, rows: readonly EncodedRow[]): number {
    const { maxGradNorm } = this.setup.recipe.optimizer;
    const norm = globalNorm(this.accumulated.tensors);
    const gradNorm = norm.dataSync()[0] as number;
    norm.dispose();
    const { step, partialLoss } = this.state;
    if (!Number.isFinite(partialLoss) || !Number.isFinite(gradNorm)) {
      throw new NonFiniteError(
        step,
        partialLoss,
        gradNorm,
        rows.map(({ id }) => id),
      );
    }
    clipByGlobalNorm(this.accumulated.tensors, gradNorm, maxGradNorm);
    this.optimizer.update(this.accumulated.tensors, lr, step);
    this.accumulated.clear();
    return gradNorm;
  }

  private restoreGradient(optimizer: ReadonlyMap<string, HostTensor>): void {
    const gradients = [...optimizer].filter(([name]) => name.startsWith(GRADIENT_PREFIX));
    this.accumulated.fromHost(new Map(gradients.map(([name, tensor]) => [name.slice(GRADIENT_PREFIX.length), tensor])));
  }
}
