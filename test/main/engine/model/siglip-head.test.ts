import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadModelFolder, saveModelFolder } from '../../../../src/main/engine/model/model-folder.ts';
import { readAllTensors } from '../../../../src/main/engine/model/safetensors.ts';
import { writeSafetensors } from '../../../../src/main/engine/model/safetensors-write.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const MODEL = fileURLToPath(new URL('../../../golden/families/siglip-qwen2/model', import.meta.url));

interface ConfigFile {
  vision_config: { vision_use_head?: boolean };
}

/** A copy of the model whose tensors and whose `vision_use_head` a test changes. */
async function changed(rename: (name: string) => string | undefined, useHead?: boolean): Promise<string> {
  const folder = join(temporaryFolder(), 'model');
  cpSync(MODEL, folder, { recursive: true });
  const tensors = await readAllTensors(join(folder, 'model.safetensors'));
  const kept = [...tensors].flatMap(([name, tensor]) => {
    const as = rename(name);
    return as === undefined ? [] : [[as, tensor] as const];
  });
  await writeSafetensors(join(folder, 'model.safetensors'), new Map(kept));
  const file = join(folder, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as ConfigFile;
  if (useHead === undefined) delete config.vision_config.vision_use_head;
  else config.vision_config.vision_use_head = useHead;
  writeFileSync(file, JSON.stringify(config));
  return folder;
}

const isHead = (name: string): boolean => name.startsWith('vision_tower.head.');

describe('SigLIP’s pooling head', () => {
  it('is kept where the files hold it, under either name and whatever the configuration says', async () => {
    const older = (name: string): string => name.replace(/^vision_tower\./, 'vision_tower.vision_model.');
    const model = await loadModelFolder(await changed(older, false));
    expect(model.config.vision).toMatchObject({ hasHead: true });
    expect([...model.weights.keys()].filter(isHead)).toHaveLength(11);
    const saved = temporaryFolder();
    await saveModelFolder(saved, model);
    expect((await readAllTensors(join(saved, 'model.safetensors'))).get('vision_tower.head.probe')?.shape).toEqual([
      1, 1, 8,
    ]);
    expect(JSON.parse(readFileSync(join(saved, 'config.json'), 'utf8'))).toMatchObject({
      vision_config: { vision_use_head: true },
    });
  });

  it('is not missed where the files do not hold it', async () => {
    const model = await loadModelFolder(await changed((name) => (isHead(name) ? undefined : name)));
    expect(model.config.vision).toMatchObject({ hasHead: false });
  });

  it('must be whole where a part of it is there', async () => {
    const folder = await changed((name) => (name.endsWith('head.probe') ? undefined : name));
    await expect(loadModelFolder(folder)).rejects.toThrow(
      'lacks 1 tensors that config.json asks for: vision_tower.head.probe',
    );
  });
});
