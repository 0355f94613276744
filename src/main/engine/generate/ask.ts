import type { AnswerEvent, AnswerStats } from '../../../shared/answer.ts';
import { formatCompression, FULL, visualTokensPerLayer, type Compression } from '../../../shared/compression.ts';
import { Random } from '../../../shared/random.ts';
import { sum } from '../../../shared/sum.ts';
import { IGNORED_LABEL, type EncodedRow } from '../data/batch.ts';
import { encodePrompt } from '../data/encode.ts';
import { pictureFit } from '../data/image-processor.ts';
import { preprocessImage } from '../data/preprocess.ts';
import { TextStream } from '../data/text-stream.ts';
import { planBatch } from '../model/batch-plan.ts';
import { visualTokensPerImage } from '../model/config.ts';
import { withDeviceBatch, type HostVision } from '../model/device-batch.ts';
import { modelShape } from '../model/model-shape.ts';
import { answerCost } from '../../../shared/answer-cost.ts';
import { checkTower } from '../model/tower-view.ts';
import { generate, type GenerationEvent } from './generate.ts';
import type { LoadedModel } from './loaded-model.ts';
import { Session } from './session.ts';
import { tokenPoints } from './token-points.ts';
import { towerOutliers } from './tower-outliers.ts';

export interface AskOptions {
  /** Paths of the pictures, and addresses of the frames, that the question shows. */
  readonly images: readonly string[];
  readonly question: string;
  readonly compressions: readonly Compression[];
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  /** Ends the answer at hand and leaves out the others. */
  readonly signal?: AbortSignal;
}

interface Prompt {
  readonly row: EncodedRow;
  readonly vision: HostVision;
}

function encodeRow({ template, config }: LoadedModel, question: string, visuals: number): EncodedRow {
  const options = { template, visualTokens: visualTokensPerImage(config) };
  const { tokenIds, groups } = encodePrompt([{ role: 'user', visuals, text: question }], options);
  return { id: 'question', tokenIds, groups, labels: new Int32Array(tokenIds.length).fill(IGNORED_LABEL) };
}

async function preparePrompt(model: LoadedModel, { images, question }: AskOptions): Promise<Prompt> {
  const { imageSize } = model.config.vision;
  const pixels = new Float32Array(images.length * 3 * imageSize ** 2);
  for (const [i, image] of images.entries()) {
    pixels.set(await preprocessImage(image, model.processor), i * 3 * imageSize ** 2);
  }
  return { row: encodeRow(model, question, images.length), vision: { pixels, imageSize } };
}

function prefill({ row, vision }: Prompt, compression: Compression, model: LoadedModel): Session {
  return withDeviceBatch(planBatch([row], compression), vision, (batch) => new Session(batch, model));
}

/** Runs a short text once, so that the first answer's times do not hold what TensorFlow does only once. */
function warmUp(model: LoadedModel): void {
  const { imageSize } = model.config.vision;
  const prompt = { row: encodeRow(model, '?', 0), vision: { pixels: new Float32Array(0), imageSize } };
  const session = prefill(prompt, FULL, model);
  session.extend(Int32Array.of(0)).dispose();
  session.dispose();
}

/** Times and counts of one answer while it comes. */
class AnswerClock {
  private readonly startedAt = performance.now();
  private firstAt = 0;
  private lastAt = 0;
  private tokens = 0;

  count(): void {
    this.lastAt = performance.now();
    if (this.tokens++ === 0) this.firstAt = this.lastAt;
  }

  /** @param reason why the answer ended */
  stats(
    reason: AnswerStats['reason'],
  ): Pick<AnswerStats, 'reason' | 'tokens' | 'timeToFirstTokenMs' | 'tokensPerSecond'> {
    const behindFirst = this.tokens - 1;
    const seconds = (this.lastAt - this.firstAt) / 1000;
    return {
      reason,
      tokens: this.tokens,
      timeToFirstTokenMs: (this.tokens > 0 ? this.firstAt : performance.now()) - this.startedAt,
      ...(behindFirst > 0 && seconds > 0 ? { tokensPerSecond: behindFirst / seconds } : {}),
    };
  }
}

async function* answer(
  model: LoadedModel,
  prompt: Prompt,
  index: number,
  compression: Compression,
  options: AskOptions,
): AsyncGenerator<AnswerEvent> {
  const { maxTokens, temperature, topP, seed, signal } = options;
  yield { type: 'begin', index, compression: formatCompression(compression) };
  const clock = new AnswerClock();
  const session = prefill(prompt, compression, model);
  try {
    const points = tokenPoints(session);
    if (points.length > 0) yield { type: 'tokens', index, points };
    const stream = new TextStream(model.tokenizer);
    const random = Random.from(seed, 'answer');
    const sampling = { temperature, topP };
    const tokens = generate(session, {
      maxTokens,
      stopIds: model.stopIds,
      sampling,
      random,
      ...(signal && { signal }),
    });
    let reason: AnswerStats['reason'] = 'aborted';
    for await (const event of tokens) {
      if (event.type === 'end') reason = event.reason;
      else clock.count();
      const text = textOf(event, stream);
      if (text !== '') yield { type: 'text', index, text };
    }
    const stats = statsOf(model, prompt.row, compression, session, clock.stats(reason));
    const outliers = towerOutliers(prompt.vision, compression, model);
    yield { type: 'end', index, stats: { ...stats, ...(outliers && { outliers }) } };
  } finally {
    session.dispose();
  }
}

const textOf = (event: GenerationEvent, stream: TextStream): string =>
  event.type === 'token' ? stream.push(event.id) : stream.flush();

function statsOf(
  { config, processor }: LoadedModel,
  { tokenIds, groups }: EncodedRow,
  compression: Compression,
  session: Session,
  measured: ReturnType<AnswerClock['stats']>,
): AnswerStats {
  const groupLengths = groups.map(({ length }) => length);
  const textTokens = tokenIds.length - sum(groupLengths);
  const generatedTokens = measured.tokens + (measured.reason === 'stop' ? 1 : 0);
  const cost = answerCost(modelShape(config), { groupLengths, textTokens, generatedTokens }, compression);
  return {
    ...measured,
    ...cost,
    visualTokensPerLayer: [...cost.visualTokensPerLayer],
    compression: formatCompression(compression),
    promptTokens: tokenIds.length,
    visualStarts: groups.map(({ start }) => start),
    pictureFit: pictureFit(processor),
    cacheBytes: session.cacheBytes(),
    memoryBytes: process.memoryUsage.rss(),
  };
}

/**
 * Answers one question at several compression settings, one after the other, so that none slows another down.
 *
 * @throws InputError where a picture or a setting is wrong; then nothing was answered
 */
export async function* ask(model: LoadedModel, options: AskOptions): AsyncGenerator<AnswerEvent> {
  const prompt = await preparePrompt(model, options);
  const lengths = prompt.row.groups.map(({ length }) => length);
  for (const compression of options.compressions) {
    checkTower(compression, model.config);
    visualTokensPerLayer(lengths, model.config.text.layers, compression);
  }
  warmUp(model);
  for (const [index, compression] of options.compressions.entries()) {
    if (options.signal?.aborted) return;
    yield* answer(model, prompt, index, compression, options);
  }
}
