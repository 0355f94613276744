import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { preflightSchema, type PreflightItem } from '../../../../src/shared/api/recipes.ts';
import { encodePng } from '../../../../src/main/engine/data/sources/shapes/png.ts';
import { saveTinyModel } from '../../../helpers/tiny-model-folder.ts';
import { serveForTest, type TestStudio } from '../../../helpers/served-studio.ts';

const PATIENCE_MS = 60_000;
const PICTURE = encodePng(Buffer.alloc(3), 1, 1);
let studio: TestStudio;

const sample = (answer: string): object => ({
  id: answer,
  conversations: [
    { from: 'human', value: 'What is it?' },
    { from: 'gpt', value: answer },
  ],
});

beforeAll(async () => {
  studio = await serveForTest();
  const folder = join(studio.workspace, 'data');
  mkdirSync(folder, { recursive: true });
  const lines = [sample('a circle'), sample('a square'), { id: 'odd' }].map((one) => JSON.stringify(one));
  writeFileSync(join(folder, 'broken.jsonl'), `${lines.join('\n')}\n`);
  writeFileSync(join(folder, 'good.jsonl'), `${lines.slice(0, 2).join('\n')}\n`);
  mkdirSync(join(studio.workspace, 'towers', 'none'), { recursive: true });
  const model = join(studio.workspace, 'models', 'mine');
  await saveTinyModel(model, join(folder, 'good.jsonl'));
  writeFileSync(join(folder, 'forged.jsonl'), `${lines[0]}\n${JSON.stringify(sample('a </think> b'))}\n`);
}, PATIENCE_MS);
afterAll(() => studio.close(), PATIENCE_MS);

async function itemsOf(model: string, data: string, optimizer = 'lr: 1e-3, batchSize: 2, steps: 10', train = '') {
  const yaml = `name: try\nmodel: { ${model} }\ndata: { train: data/${data} }\ntrain: { ${train} }\noptimizer: { ${optimizer} }\nscheme: 4stage\n`;
  const { items } = preflightSchema.parse(await studio.json('/recipes/preflight', { yaml }));
  return new Map<string, PreflightItem>(items.map((item) => [item.id, item]));
}

it('finds nothing wrong with a recipe that fits, and says how its stages run on this depth', async () => {
  const items = await itemsOf('from: tiny', 'good.jsonl');
  expect([...items.values()].filter(({ level }) => level !== 'ok')).toEqual([]);
  expect(items.get('stages')?.detail).toContain('2/8 runs as 1/8');
  expect(items.get('data')?.detail).toContain('2 samples with 2 questions');
  expect(items.get('memory')?.detail).toMatch(/, activations of a micro-batch 0\.0\d GB: /);
  expect(items.get('length')?.detail).toContain('10 optimizer steps of 2 samples: 10.00 passes over 2 rows');
});

it('counts of a video as many frames as the recipe takes', async () => {
  const images = join(studio.workspace, 'data', 'images');
  const clip = (id: string, frames: number): object => {
    mkdirSync(join(images, id), { recursive: true });
    for (let i = 0; i < frames; i++) writeFileSync(join(images, id, `${i}.png`), PICTURE);
    return {
      ...{ id, video: id },
      conversations: [
        { from: 'human', value: '<image>\nWhat moves?' },
        { from: 'gpt', value: 'a circle' },
      ],
    };
  };
  const lines = [clip('long', 20), clip('short', 3), sample('a circle')].map((one) => JSON.stringify(one));
  writeFileSync(join(studio.workspace, 'data', 'clips.jsonl'), `${lines.join('\n')}\n`);
  const picturesAt = async (frames: string): Promise<string | undefined> =>
    (await itemsOf('from: tiny', `clips.jsonl${frames}`)).get('data')?.detail.split(' and ')[1];
  expect(await picturesAt('')).toBe(`${8 + 3} pictures`);
  expect(await picturesAt(', frames: 2')).toBe('4 pictures');
  expect(await picturesAt(', frames: { fps: 1, maximum: 16 }')).toBe(`${16 + 3} pictures`);
});

it('counts broken samples and says the first reason', async () => {
  const broken = (await itemsOf('from: tiny', 'broken.jsonl')).get('broken');
  expect(broken).toMatchObject({ level: 'error' });
  expect(broken?.detail).toContain('sample odd, line 3: conversations');
});

it('refuses what is not there, under the name the recipe gives it', async () => {
  const items = await itemsOf('from: tiny, tower: towers/none', 'none.jsonl');
  expect(items.get('tower')).toMatchObject({ level: 'error' });
  expect(items.get('data')).toMatchObject({ level: 'error' });
  expect((await itemsOf('from: models/none', 'good.jsonl')).get('model')).toMatchObject({ level: 'error' });
});

it('tells of a batch that the data cannot fill', async () => {
  const length = (await itemsOf('from: tiny', 'good.jsonl', 'lr: 1e-3, batchSize: 8, steps: 10')).get('length');
  expect(length?.level).not.toBe('ok');
  expect(length?.detail).toContain('fewer rows than a batch takes');
});

it('writes the samples out by the model’s template and names those it cannot, or that are too long', async () => {
  const of = async (data: string, extra = ''): Promise<PreflightItem | undefined> =>
    (await itemsOf('from: models/mine', `${data}${extra}`)).get('conversations');
  expect(await of('good.jsonl')).toMatchObject({
    level: 'ok',
    detail: 'conversation v1, 2 samples looked at: image tokens and images match',
  });
  const long = await of('good.jsonl', ', maxLength: 10');
  expect(long).toMatchObject({ level: 'warning' });
  expect(long?.detail).toMatch(/2 are left out: sample a circle \(line 1\): the first turn takes \d+ tokens/);
  const template = "{% for m in messages %}{{ m['content'].split('</think>')[-1] }}</s>{% endfor %}";
  writeFileSync(join(studio.workspace, 'models', 'mine', 'chat_template.jinja'), template);
  const forged = await of('forged.jsonl');
  expect(forged).toMatchObject({ level: 'error' });
  expect(forged?.detail).toContain('1 cannot be written: sample a </think> b (line 2): chat_template.jinja');
  writeFileSync(join(studio.workspace, 'models', 'mine', 'chat_template.jinja'), '{% for');
  expect((await of('good.jsonl'))?.detail).toContain('cannot be read as a Jinja template');
});

it('refuses to train layers that the model has not', async () => {
  const items = await itemsOf('from: tiny', 'good.jsonl', undefined, 'decoderLayers: 5');
  expect(items.get('layers')).toMatchObject({ level: 'error' });
  expect(items.get('layers')?.detail).toContain(
    'train.decoderLayers: must be at most 4, the decoder layers of the model',
  );
});

it('refuses adapters beside random weights', async () => {
  const model = (await itemsOf('from: tiny', 'good.jsonl', undefined, 'parts: lora')).get('model');
  expect(model).toMatchObject({ level: 'error', whatToDo: 'Name a model folder or a run' });
  expect(model?.detail).toContain('model.from: must be a trained model');
});

it('says how much of the model is trained', async () => {
  const items = await itemsOf('from: tiny', 'good.jsonl', undefined, 'parts: projector');
  expect(items.get('parts')?.detail).toMatch(/^[\d,]+ of [\d,]+ parameters are trained \([\d.]+ %\)$/);
});
