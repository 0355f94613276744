/**
 * Trains a vision tower alone: mean of its patch features → linear heads over the answers of frequent questions.
 * The heads are thrown away; the tower goes into a LLaVA model.
 */
import { Random } from '../../../shared/random.ts';
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import type { VisionMetrics } from '../../../shared/metrics.ts';
import type { VisionRecipe } from '../../../shared/recipe.ts';
import { tf } from '../backend/tensorflow.ts';
import type { LlavaConfig } from '../model/config.ts';
import type { HostTensor } from '../model/host-tensor.ts';
import { Parameters } from '../model/parameters.ts';
import { toHostTensors, type WeightTensor } from '../model/weight-tensor.ts';
import { flipsAndShifts } from './augment.ts';
import type { Checkpoint } from './checkpoint-format.ts';
import { INITIAL_STATE, type LoopState } from './loop-state.ts';
import { QuestionHeads, type AnsweredQuestion } from './question-heads.ts';
import { Stopwatch } from './stopwatch.ts';
import { isTrained } from './trained-parts.ts';
import type { Position, Snapshot, TrainingEvent, TrainingLoop } from './training-loop.ts';
import { Updater } from './updater.ts';
import { HEADS_BIAS, HEADS_WEIGHT, VisionStep } from './vision-step.ts';

/** One image and what is asked about it. */
export interface VisionSample {
  readonly id: string;
  /** Absolute path. */
  readonly image: string;
  readonly questions: readonly AnsweredQuestion[];
}

export interface VisionTrainerSetup {
  readonly recipe: VisionRecipe;
  readonly config: LlavaConfig;
  /** Weights of the whole model. What is not the tower stays as it is, in host memory. */
  readonly weights: ReadonlyMap<string, WeightTensor>;
  readonly samples: readonly VisionSample[];
  /** Preprocessed pixels of some images: [I, 3, S, S]. */
  readonly loadPixels: (images: readonly string[]) => Promise<Float32Array>;
  readonly totalSteps: number;
  readonly from?: Pick<Checkpoint, 'optimizer' | 'state'>;
  /** By default graph. */
  readonly execution?: ExecutionMode;
}

/** One run of the vision phase. */
export class VisionTrainer implements TrainingLoop {
  readonly heads: QuestionHeads;
  private readonly setup: VisionTrainerSetup;
  /** Weights that are not the tower's. */
  private readonly untouched: ReadonlyMap<string, HostTensor>;
  private readonly parameters: Parameters;
  private readonly visionStep: VisionStep;
  private readonly updater: Updater;
  private state: LoopState;

  constructor(setup: VisionTrainerSetup) {
    const { recipe, config, weights, totalSteps, from, execution } = setup;
    this.setup = setup;
    this.heads = new QuestionHeads(
      setup.samples.map(({ questions }) => questions),
      recipe.vision.minimumQuestionCount,
      recipe.vision.minimumAnswers,
    );
    const reached = isTrained({ parts: 'projector', visionTower: 'trained' }, config);
    const isTower = (name: string): boolean => name.startsWith('vision_tower.');
    const own = [...weights].filter(([name]) => isTower(name));
    this.untouched = toHostTensors(new Map([...weights].filter(([name]) => !isTower(name))));
    this.parameters = new Parameters(new Map([...own, ...this.headWeights(from)]), (name) => {
      return name.startsWith('vision_tower.') ? reached(name) : true;
    });
    this.visionStep = new VisionStep(this.parameters, config, execution);
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
    while (this.step < this.totalSteps) yield { type: 'step', metrics: await this.optimizerStep() };
  }

  /** The whole model with the tower as it is now; the heads are among the optimizer's tensors. */
  snapshot(): Snapshot {
    const now = this.parameters.toHost();
    const optimizer = this.updater.toHost();
    for (const name of [HEADS_WEIGHT, HEADS_BIAS]) optimizer.set(name, now.get(name) as HostTensor);
    const weights = new Map<string, HostTensor>();
    for (const name of this.setup.weights.keys()) {
      weights.set(name, (now.get(name) ?? this.untouched.get(name)) as HostTensor);
    }
    return { weights, optimizer, state: this.state };
  }

  dispose(): void {
    this.visionStep.dispose();
    this.updater.dispose();
    this.parameters.dispose();
  }

  private headWeights(from: VisionTrainerSetup['from']): [string, WeightTensor][] {
    const width = this.setup.config.vision.hiddenSize;
    const shapes: [string, number[]][] = [
      [HEADS_WEIGHT, [this.heads.classCount, width]],
      [HEADS_BIAS, [this.heads.classCount]],
    ];
    // Zeros: the first gradient tells the classes apart, and no random stream is needed.
    return shapes.map(([name, shape]) => [
      name,
      from?.optimizer.get(name) ?? { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
    ]);
  }

  private async optimizerStep(): Promise<VisionMetrics> {
    const watch = new Stopwatch();
    const { samples, next } = this.samplesAt(this.state.position);
    const pixels = await this.pixelsOf(samples);
    const targets = samples.map(({ questions }) => this.heads.targets(questions));
    const { loss, accuracy, gradients } = this.visionStep.run({ pixels, targets, classes: this.heads.classCount });
    this.updater.gradient.add(gradients);
    const { lr, gradNorm } = this.updater.apply(this.step, loss, () => samples.map(({ id }) => id));
    const stepMs = watch.pause();
    const { totals } = this.state;
    const seen = totals.samples + samples.length;
    this.state = {
      ...this.state,
      step: this.step + 1,
      position: next,
      totals: { ...totals, samples: seen, trainingMs: totals.trainingMs + stepMs },
    };
    return {
      step: this.step,
      epoch: seen / this.setup.samples.length,
      samples: seen,
      loss,
      lr,
      gradNorm,
      stepMs,
      memoryBytes: process.memoryUsage.rss(),
      tensors: tf.memory().numTensors,
      functionsRecorded: this.visionStep.counts.recorded,
      functionsEvicted: this.visionStep.counts.evicted,
      time: new Date().toISOString(),
      accuracy,
      imagesPerSecond: samples.length / (stepMs / 1000),
    };
  }

  /** A shuffled pass over the images, the last incomplete batch left out. */
  private samplesAt({ epoch, batchIndex }: Position): { samples: VisionSample[]; next: Position } {
    const { recipe, samples } = this.setup;
    const { batchSize } = recipe.optimizer;
    const size = Math.min(batchSize, samples.length);
    const order = Random.from(recipe.seed, `vision/epoch-${epoch}`).shuffle(samples.map((_, i) => i));
    const chosen = order.slice(batchIndex * size, (batchIndex + 1) * size).map((i) => samples[i] as VisionSample);
    const last = (batchIndex + 2) * size > samples.length;
    return {
      samples: chosen,
      next: last ? { epoch: epoch + 1, batchIndex: 0 } : { epoch, batchIndex: batchIndex + 1 },
    };
  }

  private async pixelsOf(samples: readonly VisionSample[]): Promise<Float32Array> {
    const { recipe, config, loadPixels } = this.setup;
    const pixels = await loadPixels(samples.map(({ image }) => image));
    if (recipe.vision.augment === 'none') return pixels;
    const random = Random.from(recipe.seed, `augment/step-${this.step}`);
    return flipsAndShifts(pixels, config.vision.imageSize, random, recipe.vision.maximumShift);
  }
}
