/**
 * Cuts a small case out of a reference case, for the test that always runs:
 *
 *     node --import tsx test/golden/make-small-case.ts ../shared/reference/clip-llama test/golden/small-case
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readSafetensors } from '../../src/main/engine/model/safetensors.ts';
import { writeSafetensors, type StoredTensor } from '../../src/main/engine/model/safetensors-write.ts';

interface Case {
  tensors: Record<string, Record<string, { shape: number[]; dtype: string }>>;
  compression: { file: string }[];
  generation: { runs: { stage: string }[] };
  [part: string]: unknown;
}

const GRADIENTS = [
  'vision_tower.embeddings.class_embedding',
  'vision_tower.encoder.layers.0.self_attn.k_proj.bias',
  'vision_tower.encoder.layers.1.mlp.fc1.weight',
  'vision_tower.post_layernorm.weight',
  'multi_modal_projector.linear_1.weight',
  'language_model.model.layers.0.self_attn.q_proj.weight',
  'language_model.model.layers.3.self_attn.k_proj.weight',
  'language_model.model.layers.5.mlp.down_proj.weight',
  'language_model.model.norm.weight',
];

/** Tensors that are kept, by file; `undefined` keeps all. */
const KEPT: Record<string, string[] | undefined> = {
  'inputs.safetensors': undefined,
  'forward.safetensors': ['vision_features', 'projector_output', 'loss'],
  'grads_2_4.safetensors': GRADIENTS,
  'compress_1_8.safetensors': undefined,
  'generate.safetensors': ['input_ids', '2_4.ids', '2_4.logits'],
};
const COMPANIONS = ['model/config.json', 'model/model.safetensors'];

const [source, target] = process.argv.slice(2);
if (!source || !target) throw new Error('usage: make-small-case.ts <reference case> <folder>');

async function cutFile(from: string, to: string, file: string, names: string[] | undefined): Promise<void> {
  const opened = await readSafetensors(join(from, file));
  const tensors = new Map<string, StoredTensor>();
  for (const name of names ?? opened.names) {
    const isInteger = opened.info(name).dtype.startsWith('I');
    tensors.set(name, isInteger ? await opened.readIntegers(name) : await opened.read(name));
  }
  await opened.close();
  await writeSafetensors(join(to, file), tensors);
}

mkdirSync(join(target, 'model'), { recursive: true });
const whole = JSON.parse(readFileSync(join(source, 'case.json'), 'utf8')) as Case;
const tensors: Case['tensors'] = {};
for (const [file, names] of Object.entries(KEPT)) {
  mkdirSync(dirname(join(target, file)), { recursive: true });
  await cutFile(source, target, file, names);
  const all = whole.tensors[file] ?? {};
  tensors[file] = Object.fromEntries((names ?? Object.keys(all)).map((name) => [name, all[name] as { shape: number[]; dtype: string }]));
}
for (const file of COMPANIONS) writeFileSync(join(target, file), readFileSync(join(source, file)));
const small = {
  name: `${String(whole['name'])}, cut`,
  model: whole['model'],
  batch: { image_of_row: (whole['batch'] as { image_of_row: unknown }).image_of_row },
  compression: whole.compression.filter(({ file }) => file in KEPT),
  generation: { ...whole.generation, runs: whole.generation.runs.filter(({ stage }) => stage === '2_4') },
  tensors,
};
writeFileSync(join(target, 'case.json'), `${JSON.stringify(small, null, 1)}\n`);
