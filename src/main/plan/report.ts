import type { Column } from '../../shared/markdown.ts';
import { publishedFlops, publishedPasses, type PublishedFlops } from '../../shared/cost.ts';
import { visualTokensPerLayer } from '../../shared/compression.ts';
import { FLOPS_RULES, type CountedFlops } from '../../shared/flops-rules.ts';
import type { ModelSize } from '../../shared/model-size.ts';
import type { PlanLine, PlanSettings } from '../../shared/training-plan.ts';
import { formatFlops } from '../../shared/format-flops.ts';
import { textTable } from '../terminal/table.ts';
import { rowText, type PlanRequest } from './arguments.ts';

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];

const digits = (value: number): string =>
  value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);
const gigabytes = (bytes: number): string => digits(bytes / 1e9);
const count = (value: number): string => value.toLocaleString('en');

/** 12.3 ms, 4.56 s, 7.8 min, 9.01 h, 23.4 d */
function duration(seconds: number): string {
  if (seconds < 1) return `${digits(seconds * 1000)} ms`;
  if (seconds < 2 * MINUTE) return `${digits(seconds)} s`;
  if (seconds < 2 * HOUR) return `${digits(seconds / MINUTE)} min`;
  return seconds < 2 * DAY ? `${digits(seconds / HOUR)} h` : `${digits(seconds / DAY)} d`;
}

const COLUMNS: readonly Column<PlanLine>[] = [
  { title: 'trained', cell: ({ parts }) => parts, align: 'left' },
  { title: 'checkpointing', cell: ({ gradientCheckpointing: on }) => (on ? 'yes' : 'no'), align: 'left' },
  { title: 'parameters', cell: ({ trainedParameters }) => count(trainedParameters) },
  { title: 'weights', cell: ({ memory }) => gigabytes(memory.weights) },
  { title: 'gradients', cell: ({ memory }) => gigabytes(memory.gradients) },
  { title: 'Adam', cell: ({ memory }) => gigabytes(memory.moments) },
  { title: 'activations', cell: ({ memory }) => gigabytes(memory.activations) },
  { title: 'total GB', cell: ({ memory }) => gigabytes(memory.total) },
  { title: 'exact FLOPs a step', cell: ({ flopsPerStep }) => formatFlops(flopsPerStep) },
  { title: 'step', cell: ({ secondsPerStep }) => duration(secondsPerStep) },
  { title: 'epoch', cell: ({ secondsPerEpoch }) => duration(secondsPerEpoch) },
];

/** The forward pass of a step as publications count it. @throws InputError where the compression does not fit */
export function publishedOfStep({ size, settings }: Pick<PlanRequest, 'size' | 'settings'>): PublishedFlops {
  const { decoder } = size.shape;
  const { batch, images, textTokens, compression } = settings;
  const groups = Array.from({ length: images }, () => size.visualTokens);
  const ofRow = publishedFlops(decoder, visualTokensPerLayer(groups, decoder.layers, compression), textTokens);
  const { flopsPaper, flopsFastv, flopsPyramidDrop } = ofRow;
  return {
    flopsPaper: batch * flopsPaper,
    flopsFastv: batch * flopsFastv,
    flopsPyramidDrop: batch * flopsPyramidDrop,
  };
}

function publishedText(request: PlanRequest): string {
  const flops: CountedFlops = publishedOfStep(request);
  const counted = FLOPS_RULES.filter(({ key }) => flops[key] !== undefined);
  const counts = counted.map(({ key, name }) => `${name} ${formatFlops(flops[key] ?? 0)}`).join(', ');
  const passes = `with the backward pass × ${publishedPasses(false)}, with checkpointing × ${publishedPasses(true)}`;
  return `A step's forward pass as publications count it: ${counts}; ${passes}.`;
}

/** A plan as text. @param speedSource how the speed is known */
export function planText(
  request: PlanRequest,
  lines: readonly PlanLine[],
  { flopsPerSecond }: Pick<PlanSettings, 'flopsPerSecond'>,
  speedSource: string,
): string {
  const { name, size, settings } = request;
  return [
    `${name}: ${count(size.parameters)} parameters, ${size.visualTokens} visual tokens per image`,
    `a step: ${rowText(settings)}; an epoch: ${count(settings.rows)} rows; LoRA of rank ${settings.rank}`,
    `speed: ${count(Number((flopsPerSecond / 1e9).toPrecision(3)))} GFLOP/s (${speedSource})`,
    ...['', ...textTable(COLUMNS, lines), ''],
    publishedText(request),
    'Memory in GB of float32, an estimate. The total has 0.6 GB of TensorFlow itself.',
    'Time is exact FLOPs at that speed: what is not a matrix product comes on top.',
    '',
  ].join('\n');
}

/** Parameters of a model by part, as text. */
export function sizeText(name: string, { shape, parts, parameters, visualTokens, visionLayers }: ModelSize): string {
  const { layers } = shape.decoder;
  const rows = [
    [`vision tower, ${visionLayers} layers`, parts.vision.all],
    ['projector', parts.projector],
    ['word embeddings', parts.decoder.embeddings],
    [`decoder, ${layers} layers`, layers * parts.decoder.layer],
    ['last norm and output head', parts.decoder.behind],
    ['all', parameters],
  ] as const;
  const columns: Column<(typeof rows)[number]>[] = [
    { title: name, cell: ([part]) => part, align: 'left' },
    { title: 'parameters', cell: ([, values]) => count(values) },
  ];
  return [...textTable(columns, rows), `${visualTokens} visual tokens per image`, ''].join('\n');
}
