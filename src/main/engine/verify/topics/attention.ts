import { FULL, parseCompression, type Compression } from '../../../../shared/compression.ts';
import type { EncodedRow } from '../../data/batch.ts';
import { attentionByKind, kindRow, supervisedPlaces } from '../../evaluate/attention-by-kind.ts';
import { attentionByLayer, type AttentionRows } from '../../evaluate/attention-share.ts';
import { decode, mergedEmbeddings, trainingLayer } from '../../model/llava.ts';
import { close, equal } from '../compare.ts';
import type { CaseFolder } from '../case-folder.ts';
import type { ReferenceModel } from '../reference-model.ts';
import { referenceRows, type ReferenceRows } from '../reference-rows.ts';
import { TOLERANCES } from '../tolerances.ts';
import type { Finding, ModelTopic } from '../topic.ts';
import { batchRows } from './forward.ts';

const FILE = 'attention.safetensors';
const TOPIC = 'attention';

/** Part of the attention that goes to visual tokens, [B, layers]. */
function shares(
  model: ReferenceModel,
  rows: ReferenceRows,
  queriesOf: (row: EncodedRow) => readonly number[],
): number[] {
  const kinds = rows.rows.map((row) => kindRow(row, 0, queriesOf(row)));
  const byLayer = model.onDevice(rows, FULL, (batch, weights) => attentionByKind(batch, weights, model.config, kinds));
  return rows.rows.flatMap((_, b) => byLayer.map((layer) => layer[b]?.share.visual ?? NaN));
}

async function* shareChecks(folder: CaseFolder, model: ReferenceModel): AsyncGenerator<Finding> {
  const asking = {
    visual_share_last_prompt_token: (row: EncodedRow) => [(supervisedPlaces(row)[0] ?? 1) - 1],
    visual_share_assistant_tokens: supervisedPlaces,
  };
  for (const [name, queriesOf] of Object.entries(asking)) {
    if (!folder.has(FILE, name)) continue;
    const rows = await batchRows(folder);
    const ours = shares(model, rows, queriesOf);
    yield { topic: TOPIC, name, ...close(ours, (await folder.floats(FILE, name)).data, TOLERANCES.attention) };
  }
}

/** Places in its image of what a selecting compressor keeps of the first row's first image. */
function keptPlaces(model: ReferenceModel, rows: ReferenceRows, compression: Compression): number[] {
  return model.onDevice(rows, compression, (batch, weights) => {
    let kept: number[] = [];
    decode(mergedEmbeddings(batch, weights, model.config), batch, weights, model.config, trainingLayer, (_, made) => {
      const { start, length } = rows.rows[0]?.groups[0] ?? { start: 0, length: 0 };
      const assignment = Array.from(made.assignment.dataSync().subarray(start, start + length));
      kept = assignment.flatMap((to, place) => (to < 0 ? [] : [place]));
    });
    return kept;
  });
}

/** What each visual token of the generation prompt receives from the last token: [layers, N]. */
async function* scoreChecks(folder: CaseFolder, model: ReferenceModel): AsyncGenerator<Finding> {
  const { generation, attention: info } = folder.info;
  const name = 'prompt.visual_scores';
  if (!generation || !folder.has(FILE, name)) return;
  const names = { file: 'generate.safetensors', inputIds: 'input_ids' };
  const rows = await referenceRows(folder, names, generation.image_of_row);
  const { groups } = rows.rows[0] as EncodedRow;
  const byLayer = model.onDevice(rows, FULL, (batch, weights) =>
    attentionByLayer(batch, weights, model.config, ({ rows: [row] }) => [(row?.length ?? 0) - 1]),
  );
  const scores = byLayer.map(([row]) =>
    groups.flatMap(({ start, length }) =>
      Array.from((row as AttentionRows).probabilities.slice(start, start + length)),
    ),
  );
  yield { topic: TOPIC, name, ...close(scores.flat(), (await folder.floats(FILE, name)).data, TOLERANCES.attention) };
  for (const { count, kept_indices_ascending: expected } of info?.fastv?.kept ?? []) {
    const layer = (info?.fastv?.scores_from_layer_index ?? 0) + 1;
    const stride = Math.floor((groups[0]?.length ?? 0) / count);
    const kept = keptPlaces(model, rows, parseCompression(`${layer}/${stride}:attention`));
    yield { topic: TOPIC, name: `fastv kept ${count}`, ...equal(kept, expected) };
  }
}

/** Attention to visual tokens by layer, and FastV's ranking of them. */
export const attentionTopic: ModelTopic = async function* (folder, model) {
  yield* shareChecks(folder, model);
  yield* scoreChecks(folder, model);
};
