import { folderConversation } from '../../data/conversation-choice.ts';
import { encodePieces } from '../../data/conversation.ts';
import { close, equal, failed } from '../compare.ts';
import type { CaseFolder } from '../case-folder.ts';
import type { ForwardRun, ReferenceModel } from '../reference-model.ts';
import { referenceRows, stageCompression } from '../reference-rows.ts';
import { TOLERANCES } from '../tolerances.ts';
import type { DataTopic, Finding, ModelTopic } from '../topic.ts';
import { messageOf } from './chat.ts';
import { logitsChecks } from './logits.ts';

const FILE = 'extra.safetensors';

/** Names of a sample's tensors start with its name, that of the mixed batch without the word. */
function prefixOf(folder: CaseFolder, sample: string): string | undefined {
  return [sample, sample.replace(/_batch$/, '')].find((prefix) => folder.has(FILE, `${prefix}.input_ids`));
}

async function* runChecks(
  folder: CaseFolder,
  prefix: string,
  run: ForwardRun,
  stated: { readonly length?: number | undefined; readonly lengths?: readonly number[] | undefined },
): AsyncGenerator<Omit<Finding, 'topic'>> {
  const lengths = run.layout.rows.map(({ length }) => length);
  const expected = stated.lengths ?? (stated.length === undefined ? undefined : [stated.length]);
  if (expected) yield { name: 'lengths', ...equal(lengths, expected) };
  const positions = `${prefix}position_ids`;
  if (folder.has(FILE, positions)) {
    const ours = run.positions.flatMap((row) => Array.from(row));
    yield { name: 'position_ids', ...equal(ours, (await folder.integers(FILE, positions)).data) };
  }
  for await (const check of logitsChecks(folder, FILE, prefix, run)) {
    yield { ...check, name: check.name.slice(prefix.length) };
  }
  if (folder.has(FILE, `${prefix}loss`)) {
    const loss = (await folder.floats(FILE, `${prefix}loss`)).data;
    yield { name: 'loss', ...close([run.loss], loss, TOLERANCES.loss) };
  }
}

async function* sampleChecks(folder: CaseFolder, model: ReferenceModel, sample: string): AsyncGenerator<Finding> {
  const info = folder.info.extra[sample] as (typeof folder.info.extra)[string];
  const prefix = prefixOf(folder, sample);
  if (prefix === undefined) {
    yield { topic: sample, name: 'input_ids', ...failed(`${FILE} has no rows of that name`) };
    return;
  }
  const names = { file: FILE, inputIds: `${prefix}.input_ids`, labels: `${prefix}.labels` };
  const rows = await referenceRows(folder, names, info.image_of_row);
  for (const { stage, ...stated } of info.runs) {
    const run = model.forward(rows, stageCompression(stage));
    for await (const check of runChecks(folder, `${prefix}.${stage}.`, run, stated)) {
      yield { topic: `${sample} ${stage.replace('_', '/')}`, ...check };
    }
  }
}

/** Samples of another make-up than the batch: several images, text only, a mix of both. */
export const samplesTopic: ModelTopic = async function* (folder, model) {
  for (const sample of Object.keys(folder.info.extra)) yield* sampleChecks(folder, model, sample);
};

const [BATCH_FILE, BATCH_IDS, BATCH_LABELS] = ['inputs.safetensors', 'batch.input_ids', 'batch.labels'];

/** The conversations of the batch as rows: ids, labels and images, as the model gets them. */
export const sampleRowsTopic: DataTopic = async function* (folder) {
  const { batch, model } = folder.info;
  if (!batch?.conversations || !folder.has(BATCH_FILE, BATCH_IDS)) return;
  const names = { file: BATCH_FILE, inputIds: BATCH_IDS, labels: BATCH_LABELS };
  const { rows } = await referenceRows(folder, names, batch.image_of_row);
  const template = folderConversation(folder.path('model'));
  for (const [index, messages] of batch.conversations.entries()) {
    const pieces = template.conversation(messages.map(messageOf));
    const row = encodePieces(template.tokenizer, pieces, model.visual_tokens_per_image);
    const expected = rows[index];
    const name = (what: string): { topic: string; name: string } => ({
      topic: 'rows',
      name: `batch[${index}] ${what}`,
    });
    yield { ...name('ids'), ...equal(row.tokenIds, expected?.tokenIds ?? []) };
    yield { ...name('labels'), ...equal(row.labels, expected?.labels ?? []) };
    const starts = (groups: typeof row.groups): number[] => groups.map(({ start }) => start);
    yield { ...name('images'), ...equal(starts(row.groups), starts(expected?.groups ?? [])) };
  }
};
