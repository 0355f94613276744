import { parseCompression } from '../../../../shared/compression.ts';
import { sum } from '../../../../shared/sum.ts';
import { close, equal, skipped } from '../compare.ts';
import type { CaseFolder } from '../case-folder.ts';
import type { ReferenceCase } from '../case-schema.ts';
import type { ForwardRun, ReferenceModel } from '../reference-model.ts';
import type { ReferenceRows } from '../reference-rows.ts';
import { labelsAfter, paddedRows, realPositions } from '../rows-of.ts';
import { TOLERANCES } from '../tolerances.ts';
import type { Finding, ModelTopic } from '../topic.ts';
import { IGNORED_LABEL } from '../../data/batch.ts';
import { batchRows } from './forward.ts';
import { logitsChecks } from './logits.ts';

type Entry = ReferenceCase['compression'][number];

/** Lengths and token counts that `case.json` states. */
function* countChecks(entry: Entry, { layout }: ForwardRun, rows: ReferenceRows): Generator<Omit<Finding, 'topic'>> {
  const lengths = layout.rows.map(({ length }) => length);
  yield { name: 'length', ...equal([Math.max(...lengths)], [entry.length]) };
  yield { name: 'lengths', ...equal(lengths, entry.lengths) };
  const before = rows.rows[0]?.groups[0]?.length ?? 0;
  const after = layout.rows[0]?.groups[0]?.length ?? 0;
  yield { name: 'visual_tokens_after', ...equal([after], [entry.visual_tokens_after]) };
  const dropped = before - after * entry.stride;
  yield { name: 'dropped_visual_tokens_per_image', ...equal([dropped], [entry.dropped_visual_tokens_per_image]) };
}

/** Position ids, labels and mask of the compressed rows, [B, L′] with padding. */
async function* integerChecks(
  folder: CaseFolder,
  { file, length }: Entry,
  { layout, positions }: ForwardRun,
  rows: ReferenceRows,
): AsyncGenerator<Omit<Finding, 'topic'>> {
  const ours = {
    position_ids: paddedRows(positions, length, 0),
    labels: paddedRows(labelsAfter(layout, rows.rows), length, IGNORED_LABEL),
    attention_mask: paddedRows(
      layout.rows.map((row) => new Int32Array(row.length).fill(1)),
      length,
      0,
    ),
  };
  for (const [name, values] of Object.entries(ours)) {
    if (folder.has(file, name)) yield { name, ...equal(values, (await folder.integers(file, name)).data) };
  }
  const cut = 'attention_mask_llavolta';
  if (folder.has(file, cut)) {
    const real = sum(Array.from((await folder.integers(file, cut)).data));
    const exact = sum(layout.rows.map((row) => row.length));
    yield { name: cut, ...skipped(`it marks ${real - exact} positions of padding as real, which no real token sees`) };
  }
}

async function* entryChecks(
  folder: CaseFolder,
  model: ReferenceModel,
  entry: Entry,
  rows: ReferenceRows,
): AsyncGenerator<Omit<Finding, 'topic'>> {
  const { file, layer, stride } = entry;
  const run = model.forward(rows, parseCompression(`${layer}/${stride}`));
  yield* countChecks(entry, run, rows);
  yield* integerChecks(folder, entry, run, rows);
  const hidden = 'hidden_after_compressor';
  if (folder.has(file, hidden)) {
    const lengths = run.layout.rows.map(({ length }) => length);
    const pick = (values: Float32Array): Float32Array => realPositions(values, lengths, model.config.text.hiddenSize);
    const expected = pick((await folder.floats(file, hidden)).data);
    yield { name: hidden, ...close(pick(run.hidden), expected, TOLERANCES.states) };
  }
  yield* logitsChecks(folder, file, '', run);
  if (folder.has(file, 'loss'))
    yield { name: 'loss', ...close([run.loss], (await folder.floats(file, 'loss')).data, TOLERANCES.loss) };
}

/** Every compression setting of the case on the batch: layout, states behind the compressor, logits, loss. */
export const compressionTopic: ModelTopic = async function* (folder, model) {
  if (folder.info.compression.length === 0) return;
  const rows = await batchRows(folder);
  for (const entry of folder.info.compression) {
    const topic = `compression ${entry.layer}/${entry.stride}`;
    for await (const check of entryChecks(folder, model, entry, rows)) yield { topic, ...check };
  }
};
