import { FULL } from '../../../../shared/compression.ts';
import { close, equal } from '../compare.ts';
import type { CaseFolder } from '../case-folder.ts';
import { referenceRows, type ReferenceRows } from '../reference-rows.ts';
import { paddedRows, realPositions } from '../rows-of.ts';
import { TOLERANCES } from '../tolerances.ts';
import type { ModelTopic } from '../topic.ts';
import { logitsChecks } from './logits.ts';

const FILE = 'forward.safetensors';
const INPUTS = 'inputs.safetensors';
const TOPIC = 'forward none';

/** The case's batch of right-padded rows. */
export function batchRows(folder: CaseFolder): Promise<ReferenceRows> {
  const names = {
    file: INPUTS,
    inputIds: 'batch.input_ids',
    labels: 'batch.labels',
    attentionMask: 'batch.attention_mask',
  };
  return referenceRows(folder, names, folder.info.batch?.image_of_row ?? []);
}

/** Vision features, projector, merged embeddings, logits and loss without compression. */
export const forwardTopic: ModelTopic = async function* (folder, model) {
  if (folder.tensorsOf(FILE).length === 0) return;
  const images = model.encodeImages();
  const rows = await batchRows(folder);
  const run = model.forward(rows, FULL);
  const lengths = rows.rows.map(({ tokenIds }) => tokenIds.length);
  const tensors = {
    vision_features: images.features,
    projector_output: images.projected,
    inputs_embeds: realPositions(run.embeddings, lengths, model.config.text.hiddenSize),
  };
  for (const [name, ours] of Object.entries(tensors)) {
    if (!folder.has(FILE, name)) continue;
    const { data } = await folder.floats(FILE, name);
    const expected = name === 'inputs_embeds' ? realPositions(data, lengths, model.config.text.hiddenSize) : data;
    yield { topic: TOPIC, name, ...close(ours, expected, TOLERANCES.states) };
  }
  if (folder.has(INPUTS, 'batch.position_ids')) {
    const { shape, data } = await folder.integers(INPUTS, 'batch.position_ids');
    const ours = paddedRows(run.positions, shape[1] as number, 0);
    yield {
      topic: TOPIC,
      name: 'position_ids',
      ...equal(realPositions(ours, lengths, 1), realPositions(data, lengths, 1)),
    };
  }
  for await (const check of logitsChecks(folder, FILE, '', run)) yield { topic: TOPIC, ...check };
  if (folder.has(FILE, 'loss'))
    yield {
      topic: TOPIC,
      name: 'loss',
      ...close([run.loss], (await folder.floats(FILE, 'loss')).data, TOLERANCES.loss),
    };
};
