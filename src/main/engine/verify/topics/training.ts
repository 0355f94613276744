import type { Precision } from '../../../../shared/precision.ts';
import { recipeSchema, withStages, type InstructRecipe } from '../../../../shared/recipe.ts';
import { readAdapter, withAdapter } from '../../model/adapter-folder.ts';
import type { HostTensor } from '../../model/host-tensor.ts';
import { isLoraFactor } from '../../model/lora.ts';
import { canonicalName } from '../../model/tensor-names.ts';
import { toHostTensors } from '../../model/weight-tensor.ts';
import { Trainer, type StepSource } from '../../train/trainer.ts';
import type { CaseFolder } from '../case-folder.ts';
import type { ReferenceCase } from '../case-schema.ts';
import { close, closeRelative, closeWeights, equal, failed } from '../compare.ts';
import type { ReferenceModel } from '../reference-model.ts';
import { referenceRows, type ReferenceRows } from '../reference-rows.ts';
import { TOLERANCES } from '../tolerances.ts';
import type { Finding, ModelTopic } from '../topic.ts';

type Training = NonNullable<ReferenceCase['training']>;
type Run = Training['runs'][string];

const DATA = 'train/data.safetensors';

/** Stage notation of a logged step: no layer is no compression. */
const notation = ({ layer, stride }: Run['log'][number]): string => (layer === null ? 'none' : `${layer}/${stride}`);

/** Stages with the steps at which the log changes its setting. */
function stagesOf(log: Run['log']): { compression: string; until: number }[] {
  const stages: { compression: string; until: number }[] = [];
  log.forEach((step, i) => {
    const compression = notation(step);
    const last = stages.at(-1);
    if (last?.compression === compression) last.until = i + 1;
    else stages.push({ compression, until: i + 1 });
  });
  return stages;
}

/** What a logged run trains. Nothing but the projector is in the final file where only that was trained. */
function trainedParts(run: Run, finalNames: readonly string[]): Record<string, unknown> {
  if (run.init !== undefined) return { parts: 'lora', projector: 'frozen' };
  const projectorOnly = finalNames.every((name) => canonicalName(name).startsWith('multi_modal_projector.'));
  return { parts: projectorOnly ? 'projector' : 'full' };
}

/** The recipe that a logged run means. */
function recipeOf({ settings }: Training, run: Run, finalNames: readonly string[], depth: number): InstructRecipe {
  const written = recipeSchema.parse({
    name: 'reference',
    model: { from: 'model' },
    data: { train: DATA },
    train: trainedParts(run, finalNames),
    optimizer: {
      lr: settings.lr,
      warmupRatio: settings.warmup_ratio,
      weightDecay: run.weight_decay ?? 0,
      maxGradNorm: settings.max_grad_norm,
      batchSize: 2,
      steps: run.log.length,
    },
    stages: stagesOf(run.log),
    stageDepth: depth,
  });
  const recipe = withStages(written, () => ({ stages: [], stageDepth: depth }));
  if (recipe.phase !== 'instruct') throw new Error('a reference run trains on conversations');
  return recipe;
}

function joined(samples: readonly ReferenceRows[]): ReferenceRows {
  return { rows: samples.flatMap(({ rows }) => rows), images: samples.flatMap(({ images }) => images) };
}

/** The logged batches, one micro-batch a step, in their order. */
function sourceOf(
  batches: readonly (readonly number[])[],
  samples: readonly ReferenceRows[],
  model: ReferenceModel,
): StepSource {
  const { imageSize } = model.config.vision;
  return {
    stepsPerEpoch: batches.length,
    read({ epoch, batchIndex }) {
      const { rows, images } = joined((batches[batchIndex] ?? []).map((index) => samples[index] as ReferenceRows));
      const vision = { pixels: model.pixelsOf(images), imageSize };
      const micro = images.length > 0 ? { rows, vision } : { rows };
      return Promise.resolve({ microBatches: [micro], next: { epoch, batchIndex: batchIndex + 1 } });
    },
  };
}

async function* stepChecks(trainer: Trainer, run: Run): AsyncGenerator<Omit<Finding, 'topic'>> {
  let step = 0;
  for await (const event of trainer.run()) {
    if (event.type !== 'step') continue;
    const expected = run.log[step] as Run['log'][number];
    const { lr, loss, gradNorm } = event.metrics;
    yield { name: `step ${step} lr`, ...close([lr], [expected.lr], TOLERANCES.learningRate) };
    yield { name: `step ${step} loss`, ...close([loss], [expected.loss], TOLERANCES.trainingLoss) };
    yield { name: `step ${step} grad_norm`, ...closeRelative(gradNorm, expected.grad_norm, TOLERANCES.gradientNorm) };
    step++;
  }
  yield { name: 'steps', ...equal([step], [run.log.length]) };
}

/** The adapter in a folder of the case as weights by name. */
async function adapterWeights(
  folder: CaseFolder,
  name: string,
  model: ReferenceModel,
): Promise<Map<string, HostTensor>> {
  const dir = folder.path(name);
  return toHostTensors(withAdapter(model.initial, await readAdapter(dir), dir));
}

/** Weights that a run starts from. */
async function startOf(
  folder: CaseFolder,
  model: ReferenceModel,
  { init }: Run,
): Promise<ReadonlyMap<string, HostTensor>> {
  return init === undefined ? model.initial : adapterWeights(folder, init, model);
}

/** Weights after a run as the reference has them: an adapter, or a file under the model's names. */
async function finalOf(
  folder: CaseFolder,
  model: ReferenceModel,
  run: Run,
): Promise<[name: string, data: Float32Array][]> {
  if (run.init !== undefined) {
    const all = await adapterWeights(folder, run.final, model);
    return [...all].filter(([name]) => isLoraFactor(name)).map(([name, { data }]) => [name, data]);
  }
  const final: [string, Float32Array][] = [];
  for (const name of folder.tensorsOf(run.final)) final.push([name, (await folder.floats(run.final, name)).data]);
  return final;
}

/** The trainer of a logged run. Dispose it when done. */
async function trainerOf(
  folder: CaseFolder,
  model: ReferenceModel,
  samples: readonly ReferenceRows[],
  run: Run,
  precision: Precision = 'float32',
): Promise<Trainer> {
  const { config } = model;
  const training = folder.info.training as Training;
  const recipe = recipeOf(training, run, folder.tensorsOf(run.final), config.text.layers);
  return new Trainer({
    recipe: { ...recipe, train: { ...recipe.train, precision } },
    config,
    weights: await startOf(folder, model, run),
    source: sourceOf(training.batches, samples, model),
    totalSteps: run.log.length,
    execution: model.execution,
  });
}

/** The run again with products in bfloat16: its losses stay near those of float32. */
async function* bfloat16Checks(trainer: Trainer, run: Run): AsyncGenerator<Omit<Finding, 'topic'>> {
  let step = 0;
  try {
    for await (const event of trainer.run()) {
      if (event.type !== 'step') continue;
      const expected = (run.log[step] as Run['log'][number]).loss;
      const outcome = closeRelative(event.metrics.loss, expected, TOLERANCES.bfloat16Loss);
      yield { name: `step ${step} loss in bfloat16`, ...outcome };
      step++;
    }
  } finally {
    trainer.dispose();
  }
}

async function* runChecks(
  folder: CaseFolder,
  model: ReferenceModel,
  samples: readonly ReferenceRows[],
  run: Run,
): AsyncGenerator<Omit<Finding, 'topic'>> {
  const trainer = await trainerOf(folder, model, samples, run);
  try {
    yield* stepChecks(trainer, run);
    const trained = trainer.snapshot().weights;
    for (const [name, expected] of await finalOf(folder, model, run)) {
      const ours = trained.get(canonicalName(name))?.data;
      yield {
        name: `final ${name}`,
        ...(ours ? closeWeights(ours, expected) : failed('the model has no such parameter')),
      };
    }
  } finally {
    trainer.dispose();
  }
  yield* bfloat16Checks(await trainerOf(folder, model, samples, run, 'bfloat16'), run);
}

/** Lengths of the compressed batches that the log states. */
function lengthCheck(
  run: Run,
  model: ReferenceModel,
  batches: Training['batches'],
  samples: readonly ReferenceRows[],
): Omit<Finding, 'topic'> {
  const lengths = run.log.map((step, i) => {
    const { rows } = joined((batches[i] ?? []).map((index) => samples[index] as ReferenceRows));
    return model.compressedLength(rows, notation(step));
  });
  const stated = run.log.map(({ length }, i) => length ?? (lengths[i] as number));
  return { name: 'lengths', ...equal(lengths, stated) };
}

/** Short trainings: learning rate, loss and gradient norm of every step, and the weights after the last. */
export const trainingTopic: ModelTopic = async function* (folder, model) {
  const { training } = folder.info;
  if (!training) return;
  const samples: ReferenceRows[] = [];
  for (const [i, images] of training.image_of_sample.entries()) {
    const names = { file: DATA, inputIds: `${i}.input_ids`, labels: `${i}.labels` };
    samples.push(await referenceRows(folder, names, images));
  }
  for (const [name, run] of Object.entries(training.runs)) {
    const topic = `training ${name}`;
    yield { topic, ...lengthCheck(run, model, training.batches, samples) };
    for await (const check of runChecks(folder, model, samples, run)) yield { topic, ...check };
  }
};
