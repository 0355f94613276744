import type { Tensor } from '../../backend/tensorflow.ts';
import { greedyTokens } from '../../generate/sampling.ts';
import { Session } from '../../generate/session.ts';
import { close, equal } from '../compare.ts';
import type { CaseFolder } from '../case-folder.ts';
import type { ReferenceCase } from '../case-schema.ts';
import type { ReferenceModel } from '../reference-model.ts';
import { referenceRows, stageCompression, type ReferenceRows } from '../reference-rows.ts';
import { TOLERANCES } from '../tolerances.ts';
import type { Finding, ModelTopic } from '../topic.ts';

const FILE = 'generate.safetensors';

interface Answer {
  readonly ids: number[];
  /** Positions of the generated tokens that were fed back. */
  readonly positions: number[];
  readonly cacheLengths: number[];
  /** Logits that each token was taken from, one after the other. */
  readonly logits: Float32Array;
}

/** `count` greedy tokens, the end token taken like any other. */
function greedyAnswer(model: ReferenceModel, rows: ReferenceRows, stage: string, count: number): Answer {
  return model.onDevice(rows, stageCompression(stage), (batch, weights) => {
    const session = new Session(batch, { config: model.config, weights, functions: model.functions });
    const ids: number[] = [];
    const positions: number[] = [];
    const logits: number[] = [];
    let behind = session.promptLogits as Tensor;
    for (;;) {
      logits.push(...behind.dataSync<'float32'>());
      ids.push(greedyTokens(behind)[0] as number);
      if (ids.length === count) break;
      positions.push(session.nextPosition(0));
      behind = session.extend(Int32Array.of(ids.at(-1) as number));
    }
    const cacheLengths = session.cacheLengths(0);
    session.dispose();
    return { ids, positions, cacheLengths, logits: Float32Array.from(logits) };
  });
}

async function* runChecks(
  folder: CaseFolder,
  model: ReferenceModel,
  rows: ReferenceRows,
  run: NonNullable<ReferenceCase['generation']>['runs'][number],
): AsyncGenerator<Omit<Finding, 'topic'>> {
  const expected = (await folder.integers(FILE, `${run.stage}.ids`)).data;
  const ours = greedyAnswer(model, rows, run.stage, expected.length);
  yield { name: 'ids', ...equal(ours.ids, expected) };
  const logits = (await folder.floats(FILE, `${run.stage}.logits`)).data;
  yield { name: 'logits', ...close(ours.logits, logits, TOLERANCES.logits) };
  yield { name: 'positions_of_fed_tokens', ...equal(ours.positions, run.positions_of_fed_tokens) };
  yield { name: 'cache_length_per_layer_at_end', ...equal(ours.cacheLengths, run.cache_length_per_layer_at_end) };
}

/** Greedy answers with the key-value cache. */
export const generationTopic: ModelTopic = async function* (folder, model) {
  const { generation } = folder.info;
  if (!generation) return;
  const rows = await referenceRows(folder, { file: FILE, inputIds: 'input_ids' }, generation.image_of_row);
  for (const run of generation.runs) {
    const topic = `generation ${run.stage.replace('_', '/')}`;
    for await (const check of runChecks(folder, model, rows, run)) yield { topic, ...check };
  }
};
