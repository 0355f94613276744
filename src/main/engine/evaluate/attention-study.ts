/** The attention that answers pay to each kind of token, layer by layer, over samples of a dataset (paper, Fig. 1b). */
import { formatCompression, parseCompression, type Compression } from '../../../shared/compression.ts';
import {
  TOKEN_KINDS,
  type AttentionJob,
  type AttentionLayer,
  type AttentionProgress,
  type AttentionReport,
} from '../../../shared/attention-study.ts';
import { mean } from '../../../shared/statistics.ts';
import { sum } from '../../../shared/sum.ts';
import { loadAnsweringModel, type LoadedModel } from '../generate/loaded-model.ts';
import { planBatch } from '../model/batch-plan.ts';
import { withDeviceBatch } from '../model/device-batch.ts';
import { attentionByKind, byKind, type KindAttention } from './attention-by-kind.ts';
import { attentionSamples, batchSamples, type AttentionSample } from './attention-samples.ts';
import { loadPixels } from './load-pixels.ts';

export type AttentionEvent =
  | { readonly type: 'progress'; readonly progress: AttentionProgress }
  | { readonly type: 'report'; readonly report: AttentionReport };

type Settings = Omit<AttentionJob, 'kind'>;

/** Mean of what is there; null where nothing is. */
function meanOf(values: readonly (number | null)[]): number | null {
  const present = values.filter((value) => value !== null);
  return present.length === 0 ? null : mean(present);
}

/** @param rows of every sample */
function layerOf(layer: number, rows: readonly KindAttention[]): AttentionLayer {
  return {
    layer,
    visualTokens: mean(rows.map(({ visualTokens }) => visualTokens)),
    perToken: byKind((kind) => meanOf(rows.map(({ perToken }) => perToken[kind]))),
    share: byKind((kind) => mean(rows.map(({ share }) => share[kind]))),
  };
}

async function measure(
  batch: readonly AttentionSample[],
  compression: Compression,
  model: LoadedModel,
): Promise<KindAttention[][]> {
  const pixels = await loadPixels(
    batch.flatMap(({ images }) => images),
    model.processor,
  );
  const plan = planBatch(
    batch.map(({ row }) => row),
    compression,
  );
  const vision = { pixels, imageSize: model.config.vision.imageSize };
  const kinds = batch.map((sample) => sample.kinds);
  return withDeviceBatch(plan, vision, (device) => attentionByKind(device, model.weights, model.config, kinds));
}

function reportOf(
  { model, data }: Settings,
  compression: Compression,
  samples: readonly AttentionSample[],
  found: readonly KindAttention[][],
): Omit<AttentionReport, 'durationMs'> {
  const countOf = ({ kinds }: AttentionSample, index: number): number =>
    kinds.kinds.reduce((total, kind) => (kind === index ? total + 1 : total), 0);
  return {
    ...{ model, data, compression: formatCompression(compression), samples: samples.length },
    answerTokens: sum(samples.map(({ kinds }) => kinds.queries.length)),
    tokens: byKind((kind) => mean(samples.map((sample) => countOf(sample, TOKEN_KINDS.indexOf(kind))))),
    layers: found.map((rows, layer) => layerOf(layer, rows)),
  };
}

/**
 * Measures attention by depth. The right answers of the data are read, not the model's own, so that every setting is
 * asked the same. The last event is the report.
 *
 * @throws InputError where model, data or the setting is wrong
 */
export async function* studyAttention(settings: Settings): AsyncGenerator<AttentionEvent> {
  const startedAt = performance.now();
  const compression = parseCompression(settings.compression);
  const model = await loadAnsweringModel(settings.model);
  try {
    const samples = attentionSamples(settings, compression, model);
    const found: KindAttention[][] = Array.from({ length: model.config.text.layers }, () => []);
    let done = 0;
    yield { type: 'progress', progress: { done, total: samples.length } };
    for (const batch of batchSamples(samples)) {
      const byLayer = await measure(batch, compression, model);
      byLayer.forEach((rows, layer) => found[layer]?.push(...rows));
      done += batch.length;
      yield { type: 'progress', progress: { done, total: samples.length } };
    }
    const report = reportOf(settings, compression, samples, found);
    yield { type: 'report', report: { ...report, durationMs: performance.now() - startedAt } };
  } finally {
    model.dispose();
  }
}
