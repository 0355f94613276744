import type { Recipe } from '../../../shared/recipe.ts';
import type { HostTensor } from '../model/host-tensor.ts';
import type { Parameters } from '../model/parameters.ts';
import type { WeightTensor } from '../model/weight-tensor.ts';
import { clipByGlobalNorm, globalNorm } from './clipping.ts';
import { learningRatesAt, warmupSteps, type LearningRates, type LearningRateSchedule } from './lr-schedule.ts';
import { AdamW } from './optimizer.ts';
import { AccumulatedGradient } from './train-step.ts';
import { partOf } from './trained-parts.ts';

/** A loss or gradient that is not a finite number. Nothing was updated. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
  /** Optimizer steps done before. */
  readonly step: number;
  readonly loss: number;
  readonly gradNorm: number;
  /** The samples of the step. */
  readonly sampleIds: readonly string[];

  constructor(step: number, loss: number, gradNorm: number, sampleIds: readonly string[]) {
    const ids = sampleIds.slice(0, 8).join(', ') + (sampleIds.length > 8 ? ', …' : '');
    super(`step ${step + 1}: loss ${loss}, gradient norm ${gradNorm}; stopped before the update (samples ${ids})`);
    this.step = step;
    this.loss = loss;
    this.gradNorm = gradNorm;
    this.sampleIds = sampleIds;
  }
}

/** What an update was made with. */
export interface Update {
  /** Learning rate of all parts without one of their own. */
  readonly lr: number;
  /** Learning rates of the other parts; absent where there are none. */
  readonly lrs?: LearningRates;
  /** Before clipping. */
  readonly gradNorm: number;
}

const GRADIENT_PREFIX = 'gradient/';

/** The second half of an optimizer step, the same in every phase: accumulated gradient → norm → clip → AdamW. */
export class Updater {
  readonly gradient = new AccumulatedGradient();
  private readonly settings: Recipe['optimizer'];
  private readonly schedule: LearningRateSchedule;
  /** Parts of the model with a learning rate of their own. */
  private readonly partRates: LearningRates;
  private readonly adamW: AdamW;

  /** @param saved optimizer tensors of a checkpoint, as `toHost` gives them */
  constructor(
    parameters: Parameters,
    settings: Recipe['optimizer'],
    totalSteps: number,
    saved?: ReadonlyMap<string, WeightTensor>,
  ) {
    const { schedule, lr, warmupRatio } = settings;
    this.settings = settings;
    this.schedule = { schedule, lr, totalSteps, warmupSteps: warmupSteps(warmupRatio, totalSteps) };
    this.partRates = 'lrs' in settings ? (settings.lrs ?? {}) : {};
    this.adamW = new AdamW(parameters, settings, saved);
    const gradients = [...(saved ?? [])].filter(([name]) => name.startsWith(GRADIENT_PREFIX));
    this.gradient.load(new Map(gradients.map(([name, sum]) => [name.slice(GRADIENT_PREFIX.length), sum])));
  }

  /**
   * Clips and applies the accumulated gradient and empties it.
   *
   * @param step optimizer steps done
   * @param loss of the step, for the check
   * @param sampleIds for the error
   * @throws NonFiniteError before anything is changed
   */
  apply(step: number, loss: number, sampleIds: () => string[]): Update {
    const norm = globalNorm(this.gradient.tensors);
    const gradNorm = norm.dataSync()[0] as number;
    norm.dispose();
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
      throw new NonFiniteError(step, loss, gradNorm, sampleIds());
    }
    const { lr, lrs } = learningRatesAt(step, this.schedule, this.partRates);
    clipByGlobalNorm(this.gradient.tensors, gradNorm, this.settings.maxGradNorm);
    this.adamW.update(this.gradient.tensors, (name) => lrs[partOf(name)] ?? lr, step);
    this.gradient.clear();
    return { lr, gradNorm, ...(Object.keys(lrs).length > 0 && { lrs }) };
  }

  toHost(): Map<string, HostTensor> {
    const tensors = this.adamW.toHost();
    for (const [name, sum] of this.gradient.toHost()) tensors.set(GRADIENT_PREFIX + name, sum);
    return tensors;
  }

  dispose(): void {
    this.gradient.clear();
    this.adamW.dispose();
  }
}
