/** The README.md of an exported model. Whatever it says of a run stands in the run's files. */
import { basename } from 'node:path';
import { parseCompression, visualTokensPerLayer } from '../../../shared/compression.ts';
import { pythonExample, type Exported } from '../../../shared/export.ts';
import { codeBlock, table } from '../../../shared/markdown.ts';
import type { RunPlan, StageRecord } from '../../../shared/run-record.ts';
import { averageCompressionRatio, type Stage } from '../../../shared/stage.ts';
import { visualTokensPerImage, type LlavaConfig } from '../model/config.ts';
import type { RunFacts } from './run-facts.ts';

export interface CardFacts {
  readonly config: LlavaConfig;
  /** What a reader calls the model. */
  readonly name: string;
  readonly form: Exported['form'];
  readonly dtype: Exported['dtype'];
  /** Values of the weights that are in the folder. */
  readonly parameters: number;
  readonly run?: RunFacts;
  /** Optimizer steps that the checkpoint was taken after; none for a finished model. */
  readonly step?: number;
}

const count = (value: number): string => value.toLocaleString('en');
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Hugging Face reads this part: what loads the model and what it does. */
const FRONT_MATTER = [
  ...['---', 'library_name: transformers', 'pipeline_tag: image-text-to-text'],
  ...['tags:', '  - llava', '  - llavolta', '  - visual-token-compression', '---'],
].join('\n');

function modelTable({ config, form, dtype, parameters }: CardFacts): string {
  const { vision, text } = config;
  const tower = `${vision.layers} layers of width ${vision.hiddenSize}, ${vision.imageSize}×${vision.imageSize} pixels in patches of ${vision.patchSize}`;
  const decoder = `${text.layers} layers of width ${text.hiddenSize}, ${text.heads} heads (${text.kvHeads} of keys and values)`;
  return table(
    ['', ''],
    [
      ['Vision tower', `${vision.family.toUpperCase()}, ${tower}`],
      ['Language model', `${decoder}, ${count(text.vocabSize)} tokens`],
      ['Visual tokens of an image', count(visualTokensPerImage(config))],
      [form === 'adapter' ? 'Weights of the adapter' : 'Weights', `${count(parameters)}, ${dtype}`],
    ],
  );
}

function trainingRows({ record, recipe, name }: RunFacts, step: number | undefined): string[][] {
  const { plan, progress, versions } = record;
  const { optimizer } = recipe;
  const done = step ?? progress.step;
  const program = Object.entries(versions).map(([part, version]) => `${part} ${version}`);
  const trained = recipe.phase === 'vision' ? 'vision tower' : recipe.train.parts;
  return [
    ['Run', name],
    ['Recipe', recipe.name],
    // Paths of the machine it was trained on mean nothing elsewhere.
    ['Begun from', basename(recipe.model.from)],
    ['Trained', plan ? `${trained}: ${count(plan.model.trained)} of ${count(plan.model.parameters)} weights` : trained],
    ['Optimizer steps', plan ? `${count(done)} of ${count(plan.totalSteps)}` : count(done)],
    ['Samples of a step', count(optimizer.batchSize)],
    ['Optimizer', `AdamW, lr ${optimizer.lr}, ${optimizer.schedule}, weight decay ${optimizer.weightDecay}`],
    ['Seed', String(recipe.seed)],
    ...(plan ? [['Data', dataText(recipe.data.train, plan)]] : []),
    ...(program.length > 0 ? [['Made with', program.join(', ')]] : []),
  ];
}

const dataText = (file: string, { data }: RunPlan): string =>
  `${basename(file)}: ${count(data.samples)} samples, SHA-256 ${data.sha256}`;

/** Visual tokens from layer to layer: `64 → 8 at layer 2`. */
function tokensText(compression: string, { visualTokensPerImage: tokens, depth }: RunPlan['model']): string {
  const perLayer = visualTokensPerLayer([tokens], depth, parseCompression(compression));
  const changes = perLayer.flatMap((value, layer) =>
    layer > 0 && value !== perLayer[layer - 1] ? [` → ${value} at layer ${layer}`] : [],
  );
  return `${perLayer[0] ?? 0}${changes.join('')}`;
}

const stageOf = ({ firstStep, untilStep, compression }: StageRecord, index: number): Stage => ({
  ...{ index, firstStep, untilStep },
  compression: parseCompression(compression),
});

function stagesPart({ stages, model }: RunPlan): string[] {
  if (stages.length === 0) return [];
  const ratio = (some: readonly StageRecord[]): string => {
    // A stage alone counts its steps from 0, as a run does.
    const first = some[0]?.firstStep ?? 0;
    const moved = some.map((stage) => ({
      ...stage,
      untilStep: stage.untilStep - first,
      firstStep: stage.firstStep - first,
    }));
    return `${averageCompressionRatio(moved.map(stageOf), [model.visualTokensPerImage], model.depth).toFixed(0)} %`;
  };
  const rows = stages.map((stage) => [
    ...[stage.compression === 'none' ? 'full' : stage.compression, `${stage.firstStep}–${stage.untilStep}`],
    ...[tokensText(stage.compression, model), ratio([stage])],
  ]);
  return [
    '## Stages of visual compression',
    'K/S: before decoder layer K, every S visual tokens became one, by average pooling of neighbours where no compressor is named.',
    table(['K/S', 'optimizer steps', 'visual tokens of an image', 'CR'], rows),
    `Compression ratio (CR) of the whole training: ${ratio(stages)}.`,
  ];
}

function evaluationTable({ name, report }: RunFacts['evaluations'][number]): string[] {
  const rows = report.settings.map((setting) => [
    ...[setting.compression === 'none' ? 'full' : setting.compression, percent(setting.accuracy)],
    ...[`${percent(setting.interval[0])} – ${percent(setting.interval[1])}`],
    ...[`${setting.retainedPercent.toFixed(1)} %`, `${setting.compressionRatio.toFixed(0)} %`],
  ]);
  const what = `${name}: ${count(report.questions)} questions of ${basename(report.data)}`;
  return [what, table(['K/S', 'accuracy', '95 % interval', 'visual tokens kept', 'CR'], rows)];
}

function resultsPart({ record, evaluations }: RunFacts): string[] {
  const figures = Object.entries(record.result ?? {}).map(([name, value]) => [
    name,
    String(Number(value.toPrecision(6))),
  ]);
  if (figures.length === 0 && evaluations.length === 0) return [];
  return [
    '## Results',
    ...(figures.length > 0 ? [table(['at the end of the training', ''], figures)] : []),
    ...(evaluations.length > 0
      ? ['Accuracy of the finished model, as evaluated in the run:', ...evaluations.flatMap(evaluationTable)]
      : []),
  ];
}

function runParts(run: RunFacts, step: number | undefined): string[] {
  const { plan } = run.record;
  return [
    '## Training',
    table(['', ''], trainingRows(run, step)),
    ...(plan ? stagesPart(plan) : []),
    // What was measured of the finished model says nothing of an earlier checkpoint.
    ...(step === undefined ? resultsPart(run) : []),
  ];
}

/** The text of the model card. */
export function modelCard(facts: CardFacts): string {
  const { name, run, step, form, dtype } = facts;
  const what = form === 'adapter' ? 'A LoRA adapter of a LLaVA model' : 'A LLaVA model';
  const how = run ? ', trained with stage-wise visual compression as in LLaVolta (arXiv 2406.20092)' : '';
  return `${[
    `${FRONT_MATTER}\n\n# ${name}`,
    `${what}${how}. Written by LLaVolta Studio for Python's transformers.`,
    modelTable(facts),
    ...(run ? runParts(run, step) : []),
    '## Use in Python',
    'Python runs the model with all visual tokens. Its processor fits pictures as this program does.',
    codeBlock('python', pythonExample({ folder: '.', form, dtype })),
  ].join('\n\n')}\n`;
}
