import { canonicalName } from '../../model/tensor-names.ts';
import { closeGradient, failed } from '../compare.ts';
import { stageCompression } from '../reference-rows.ts';
import type { ModelTopic } from '../topic.ts';
import { batchRows } from './forward.ts';

const FILE = /^grads_(.+)\.safetensors$/;

/** The gradient of every parameter, for every setting that the case has a file of. */
export const gradientsTopic: ModelTopic = async function* (folder, model) {
  for (const file of Object.keys(folder.info.tensors)) {
    const stage = FILE.exec(file)?.[1];
    if (stage === undefined) continue;
    const gradients = model.gradients(await batchRows(folder), stageCompression(stage));
    for (const name of folder.tensorsOf(file)) {
      const ours = gradients.get(canonicalName(name));
      const expected = (await folder.floats(file, name)).data;
      const outcome = ours ? closeGradient(ours, expected) : failed('the model has no such parameter');
      yield { topic: `gradients ${stage.replace('_', '/')}`, name, ...outcome };
    }
  }
};
