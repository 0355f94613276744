/** LoRA adapters in a workspace: listed with their base model's shape, asked, and trained from. */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { writeSafetensors } from '../../../../src/main/engine/model/safetensors-write.ts';
import { ModelLibrary } from '../../../../src/main/studio/models/model-library.ts';
import { RunStore } from '../../../../src/main/studio/runs/run-store.ts';
import { workspaceOf } from '../../../../src/main/studio/workspace.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const BASE = fileURLToPath(new URL('../../../golden/families/clip-mistral-llama3/model', import.meta.url));
const zeros = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

/** A workspace with a base model, and an adapter that is nothing but peft's two files. */
async function withAdapter(base: string) {
  const folder = temporaryFolder();
  const [model, adapter] = [join(folder, 'models', 'base'), join(folder, 'models', 'tuned')];
  cpSync(BASE, model, { recursive: true });
  mkdirSync(adapter);
  writeFileSync(join(adapter, 'adapter_config.json'), JSON.stringify({ base_model_name_or_path: base }));
  const map = 'base_model.model.model.language_model.layers.0.self_attn.q_proj';
  const weights = new Map([
    [`${map}.lora_A.weight`, zeros(2, 16)],
    [`${map}.lora_B.weight`, zeros(12, 2)],
    ['base_model.model.model.multi_modal_projector.linear_1.bias', zeros(16)],
  ]);
  await writeSafetensors(join(adapter, 'adapter_model.safetensors'), weights);
  const workspace = workspaceOf(folder);
  return { folder, library: new ModelLibrary(workspace, new RunStore(workspace, () => expect.unreachable())) };
}

it.each(['../base', 'models/base'])(
  'lists an adapter without config.json with the shape of its base, %s',
  async (to) => {
    const { folder, library } = await withAdapter(to);
    const { models, unusable } = await library.list();
    expect(unusable).toEqual([]);
    const [base, tuned] = ['models/base', 'models/tuned'].map((id) => models.find((model) => model.id === id));
    expect(tuned).toMatchObject({ kind: 'folder', hasAdapter: true, adapterParameters: 2 * 16 + 12 * 2 });
    expect(tuned?.shape).toEqual(base?.shape);
    expect(base).not.toHaveProperty('hasAdapter');
    expect(library.folderOf('models/tuned')).toBe(join(folder, 'models', 'tuned'));
    expect(await library.weightsFolderOf('models/tuned')).toBe(join(folder, 'models', 'base'));
  },
);

it('says why an adapter cannot be used: its base model is not here', async () => {
  const { library } = await withAdapter('models/none');
  const { unusable } = await library.list();
  expect(unusable).toHaveLength(1);
  expect(unusable[0]?.reason).toContain('base_model_name_or_path: is no model folder here (found "models/none")');
});

it('takes a run for its finished model, or else for its newest checkpoint', async () => {
  const { folder, library } = await withAdapter('models/base');
  for (const step of ['step-9', 'step-10']) {
    cpSync(BASE, join(folder, 'runs', 'pretrain', 'checkpoints', step), { recursive: true });
  }
  expect(await library.weightsFolderOf('runs/pretrain')).toMatch(/step-10$/);
  cpSync(BASE, join(folder, 'runs', 'pretrain', 'final'), { recursive: true });
  expect(await library.weightsFolderOf('runs/pretrain')).toMatch(/final$/);
  expect((await library.sizeOf('runs/pretrain')).shape).toEqual((await library.sizeOf('models/base')).shape);
});
