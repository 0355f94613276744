import { withAdapter, readAdapter } from '../../model/adapter-folder.ts';
import { mergeLora } from '../../model/lora-merge.ts';
import { parseCompression } from '../../../../shared/compression.ts';
import { close } from '../compare.ts';
import { TOLERANCES } from '../tolerances.ts';
import type { ModelTopic } from '../topic.ts';
import { batchRows } from './forward.ts';
import { logitsChecks } from './logits.ts';

const FILE = 'train/lora_check.safetensors';
/** The setting that the case's check of the trained adapter was computed with. */
const COMPRESSION = parseCompression('2/4');

/** Logits and loss of the model with peft's trained adapter: beside the weights, and merged into them. */
export const adapterTopic: ModelTopic = async function* (folder, model) {
  const run = folder.info.training?.runs['lora'];
  if (!run || folder.tensorsOf(FILE).length === 0) return;
  const dir = folder.path(run.final);
  const beside = withAdapter(model.initial, await readAdapter(dir), dir);
  const rows = await batchRows(folder);
  for (const [kind, weights] of Object.entries({ beside, merged: mergeLora(beside) })) {
    const topic = `adapter ${kind}`;
    const adapted = model.withWeights(weights);
    try {
      const computed = adapted.forward(rows, COMPRESSION);
      for await (const check of logitsChecks(folder, FILE, '', computed)) yield { topic, ...check };
      const { data } = await folder.floats(FILE, 'loss');
      yield { topic, name: 'loss', ...close([computed.loss], data, TOLERANCES.loss) };
    } finally {
      adapted.dispose();
    }
  }
};
