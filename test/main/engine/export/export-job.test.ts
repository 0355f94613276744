import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { toHostTensor } from '../../../../src/main/engine/model/weight-tensor.ts';
import { loadModelFolder } from '../../../../src/main/engine/model/model-folder.ts';
import { processorFiles } from '../../../../src/main/engine/model/processor-config.ts';
import { saveCheckpoint } from '../../../../src/main/engine/train/checkpoint-write.ts';
import { publishModel } from '../../../../src/main/engine/train/final-model.ts';
import { exportTo } from '../../../helpers/export-to.ts';
import { hasReference, REFERENCE } from '../../../helpers/reference.ts';
import { writeRun } from '../../../helpers/run-folder.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { expectSameTensors, weightValues } from '../../../helpers/tensors.ts';
import { tinyCheckpoint } from '../../../helpers/tiny-checkpoint.ts';
import { TINY } from '../../../helpers/tiny-model.ts';

const KEEP = 5;

/** A finished run with checkpoints of the steps given, the last one published. */
async function run(...steps: number[]): Promise<string> {
  const folder = writeRun(join(temporaryFolder(), 'staged'), { recipe: '4stage', accuracy: { none: 0.9, '2/8': 0.8 } });
  let last = '';
  for (const step of steps) {
    const checkpoint = { ...tinyCheckpoint(step), companions: { 'tokenizer.json': '{}', ...processorFiles(TINY) } };
    last = await saveCheckpoint(join(folder, 'checkpoints'), checkpoint, KEEP);
  }
  await publishModel(last, join(folder, 'final'));
  return folder;
}

const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'));

describe('an export', () => {
  it('holds everything that Python needs, with the weights to the bit', async () => {
    const { folder, files, source, parameters } = await exportTo({ model: await run(8) });
    expect(files.map(({ name }) => name)).toEqual([
      ...['README.md', 'chat_template.jinja', 'config.json', 'generation_config.json', 'model.safetensors'],
      ...['preprocessor_config.json', 'processor_config.json', 'tokenizer.json'],
    ]);
    const [written, before] = [await loadModelFolder(folder), await loadModelFolder(source)];
    expect(written.config).toEqual(before.config);
    expectSameTensors(written.weights, before.weights);
    const sizes = [...before.weights.values()].map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    expect(parameters).toBe(sizes.reduce((a, b) => a + b, 0));
    expect(readdirSync(join(folder, '..'))).toEqual(['exported']);
  });

  it('says to Python how the model fits pictures, and how many tokens they become', async () => {
    const { folder } = await exportTo({ model: await run(8) });
    expect(readJson(folder, 'processor_config.json')).toMatchObject({
      image_processor: { image_processor_type: 'CLIPImageProcessor', do_center_crop: true },
      ...{
        num_additional_image_tokens: 1,
        patch_size: TINY.vision.patchSize,
        vision_feature_select_strategy: 'default',
      },
    });
    expect(readJson(folder, 'preprocessor_config.json')).not.toHaveProperty('do_pad');
  });

  it.each([
    ['bfloat16', 2 ** -8],
    ['float16', 2 ** -11],
  ] as const)('in %s is half as large, each value rounded to the nearest', async (dtype, relative) => {
    const { folder, source } = await exportTo({ model: await run(8), dtype });
    const [written, before] = [await loadModelFolder(folder), await loadModelFolder(source)];
    expect(readJson(folder, 'config.json')).toMatchObject({ dtype });
    const name = 'multi_modal_projector.linear_1.weight';
    const [rounded, exact] = [written, before].map(({ weights }) => {
      const weight = weights.get(name);
      if (!weight) throw new Error(`${name} is there`);
      return toHostTensor(weight).data;
    }) as [Float32Array, Float32Array];
    expect(rounded.every((value, i) => Math.abs(value - (exact[i] ?? NaN)) <= relative * Math.abs(exact[i] ?? 0))).toBe(
      true,
    );
    expect(rounded).not.toEqual(exact);
    const bytes = (at: string): number => statSync(join(at, 'model.safetensors')).size;
    expect(bytes(folder)).toBeLessThan(0.75 * bytes(source));
  });

  it('refuses an adapter in halves, and one where there is none', async () => {
    const model = await run(8);
    await expect(exportTo({ model, form: 'adapter', dtype: 'float16' })).rejects.toThrow(
      'must be float32 for an adapter',
    );
    await expect(exportTo({ model, form: 'adapter' })).rejects.toThrow('needs a model with a LoRA adapter');
  });

  it('has a model card with the facts of the run', async () => {
    const card = readFileSync(join((await exportTo({ model: await run(8) })).folder, 'README.md'), 'utf8');
    for (const fact of [
      ...['library_name: transformers', '# staged', '| Run | staged |', '8 of 8', 'AdamW', '4,000 samples, SHA-256 ab'],
      // 12 layers of 256 visual tokens: CR of 1/8 is 12·256 / (1·256 + 11·32) = 505 %.
      ...['256 → 32 at layer 1', '| 505 % |', '| full | 90.00 % |', '1,000 questions of test.jsonl'],
      'AutoModelForImageTextToText.from_pretrained(".", dtype=torch.float32)',
    ])
      expect(card).toContain(fact);
    expect(card).not.toContain('/work');
  });

  it('takes the checkpoint of a step; the card then tells nothing of the finished model', async () => {
    const model = await run(4, 8);
    const { folder, source } = await exportTo({ model, step: 4 });
    expect(source).toBe(join(model, 'checkpoints', 'step-4'));
    const { weights } = await loadModelFolder(folder);
    expect(weightValues(weights, [...weights.keys()][0] as string)?.[0]).toBe(4);
    const card = readFileSync(join(folder, 'README.md'), 'utf8');
    expect(card).toContain('# staged, step 4');
    expect(card).toContain('4 of 8');
    expect(card).not.toContain('90.00 %');
  });

  it('goes to an empty folder, and over an earlier export where it is told to', async () => {
    const model = await run(4, 8);
    const folder = join(temporaryFolder(), 'there');
    mkdirSync(folder);
    await exportTo({ model, folder });
    await expect(exportTo({ model, folder })).rejects.toThrow(
      'is not empty (README.md, chat_template.jinja, config.json, …)',
    );
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    writeFileSync(join(folder, 'model-00001-of-00002.safetensors'), 'old');
    await exportTo({ model, folder, step: 4, replace: true });
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
    expect(existsSync(join(folder, 'model-00001-of-00002.safetensors'))).toBe(false);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain('step 4');
    expect(readdirSync(join(folder, '..'))).toEqual(['there']);
  });

  it('leaves nothing behind where it is refused', async () => {
    const model = await run(4);
    const folder = join(temporaryFolder(), 'new');
    const refused = async (job: Partial<Parameters<typeof exportTo>[0]>, message: string): Promise<void> =>
      expect(exportTo({ model, folder, ...job })).rejects.toThrow(message);
    await refused({ step: 3 }, 'has no checkpoint in this run (found 3). There are checkpoints of step 4');
    await refused({ model: join(model, 'final'), step: 4 }, 'may only be given for a run');
    await refused({ model: join(model, '..') }, 'holds no model');
    await refused({ folder: join(model, 'final', 'python') }, 'lies in what is exported');
    const link = join(temporaryFolder(), 'link');
    symlinkSync(model, link);
    await refused({ folder: join(link, 'new', 'deeper') }, 'lies in what is exported');
    copyFileSync(join(model, 'run.json'), join(model, 'checkpoints', 'step-4', 'model.safetensors'));
    await refused({ step: 4 }, 'its manifest says');
    expect(existsSync(folder)).toBe(false);
    expect(readdirSync(join(model, 'final'))).not.toContain('python');
  });

  it.skipIf(!hasReference).each(['clip-llama', 'siglip-qwen2'])(
    'the reference model %s comes back with the same bytes of weights (needs ../shared/reference)',
    async (name) => {
      const model = join(REFERENCE, name, 'model');
      const { folder } = await exportTo({ model });
      const [written, before] = [await loadModelFolder(folder), await loadModelFolder(model)];
      expect(written.config).toEqual(before.config);
      expectSameTensors(written.weights, before.weights);
    },
  );
});
