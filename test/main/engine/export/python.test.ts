/** What is exported here opens in Python as it is, and answers there as it does here. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FULL } from '../../../../src/shared/compression.ts';
import type { Tensor } from '../../../../src/main/engine/backend/tensorflow.ts';
import { IGNORED_LABEL } from '../../../../src/main/engine/data/batch.ts';
import { encodePrompt } from '../../../../src/main/engine/data/encode.ts';
import { preprocessImage } from '../../../../src/main/engine/data/preprocess.ts';
import { loadAnsweringModel, type LoadedModel } from '../../../../src/main/engine/generate/loaded-model.ts';
import { greedyTokens } from '../../../../src/main/engine/generate/sampling.ts';
import { Session } from '../../../../src/main/engine/generate/session.ts';
import { planBatch } from '../../../../src/main/engine/model/batch-plan.ts';
import { visualTokensPerImage } from '../../../../src/main/engine/model/config.ts';
import { withDeviceBatch } from '../../../../src/main/engine/model/device-batch.ts';
import { exportTo } from '../../../helpers/export-to.ts';
import { newRun, runEngine, writeRecipe } from '../../../helpers/engine-runs.ts';
import { writeOriginal } from '../../../helpers/original-checkpoint.ts';
import { PYTHON_HINT, pythonWith, runPython } from '../../../helpers/python.ts';
import { hasReference, REFERENCE } from '../../../helpers/reference.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';

const python = pythonWith('torch', 'transformers', 'PIL');
const MINUTES = 60_000;
const QUESTION = 'What shape is in the image?';
const TOKENS = 12;
const LOGITS_TOLERANCE = 1e-4;

/** An answer with all that it depends on. */
interface Answer {
  readonly prompt: number[];
  readonly pixels: number[];
  readonly logits: number[];
  readonly tokens: number[];
}

interface PythonAnswers {
  readonly names: Record<'missing_keys' | 'unexpected_keys' | 'mismatched_keys', string[]>;
  readonly warnings: string[];
  readonly answers: Answer[];
}

/** @param base folder of the model that `folder` is an adapter of */
function askPython(folder: string, pictures: readonly string[], base = ''): Answer[] {
  const args = [folder, base, QUESTION, String(TOKENS), ...pictures];
  const { names, warnings, answers } = runPython(python ?? '', 'answer.py', args) as PythonAnswers;
  expect(names).toEqual({ missing_keys: [], unexpected_keys: [], mismatched_keys: [] });
  expect(warnings).toEqual([]);
  return answers;
}

/** The greedy answer of this program, the end token taken like any other. */
async function answer(model: LoadedModel, picture: string): Promise<Answer> {
  const { template, config, processor } = model;
  const options = { template, visualTokens: visualTokensPerImage(config) };
  const { tokenIds, groups } = encodePrompt([{ role: 'user', visuals: 1, text: QUESTION }], options);
  const pixels = await preprocessImage(picture, processor);
  const row = { id: 'question', tokenIds, groups, labels: new Int32Array(tokenIds.length).fill(IGNORED_LABEL) };
  const vision = { pixels, imageSize: config.vision.imageSize };
  const session = withDeviceBatch(planBatch([row], FULL), vision, (batch) => new Session(batch, model));
  let behind = session.promptLogits as Tensor;
  const logits = [...behind.dataSync()];
  const tokens: number[] = [];
  while (tokens.length < TOKENS) {
    tokens.push(...greedyTokens(behind));
    behind = session.extend(Int32Array.of(tokens.at(-1) as number));
  }
  behind.dispose();
  session.dispose();
  return { prompt: [...tokenIds], pixels: [...pixels], logits, tokens };
}

async function askEngine(path: string, pictures: readonly string[]): Promise<Answer[]> {
  const model = await loadAnsweringModel(path);
  try {
    const answers: Answer[] = [];
    for (const picture of pictures) answers.push(await answer(model, picture));
    return answers;
  } finally {
    model.dispose();
  }
}

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Infinity))));

function expectSameAnswer(theirs: Answer, ours: Answer): void {
  expect(theirs.prompt).toEqual(ours.prompt);
  expect(theirs.pixels.length).toBe(ours.pixels.length);
  expect(largestDifference(theirs.pixels, ours.pixels)).toBeLessThan(1e-5);
  expect(largestDifference(theirs.logits, ours.logits)).toBeLessThan(LOGITS_TOLERANCE);
  expect(theirs.tokens).toEqual(ours.tokens);
}

/**
 * Exports a model and asks it in both programs.
 *
 * @param path what this program asks
 * @param base of an adapter
 */
async function expectSameInPython(
  job: Parameters<typeof exportTo>[0],
  path: string,
  pictures: readonly string[],
  base?: string,
): Promise<void> {
  const { folder } = await exportTo(job);
  const [theirs, ours] = [askPython(folder, pictures, base), await askEngine(path, pictures)];
  expect(theirs.length).toBe(pictures.length);
  theirs.forEach((one, i) => expectSameAnswer(one, ours[i] as Answer));
}

/** Trains a model for twelve steps with two stages, unless the recipe is changed. */
async function trainedRun(
  model: string,
  changes: Record<string, unknown> = {},
): Promise<{ run: string; pictures: string[] }> {
  const folder = temporaryFolder();
  const { train, images } = await tinyDataset({}, join(folder, 'data'));
  const recipe = writeRecipe(join(folder, 'recipe.json'), train, {
    model: { from: model },
    optimizer: { lr: 1e-3, batchSize: 4, steps: 12 },
    checkpoint: { every: 6, keep: 5 },
    stages: [{ compression: '2/2' }, { compression: 'none' }],
    stageDepth: 4,
    ...changes,
  });
  const { outcome } = await runEngine(newRun(recipe, folder, 'run'));
  expect(outcome).toMatchObject({ type: 'done', result: { outcome: 'finished', step: 12 } });
  const names = readdirSync(images, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png'));
  return { run: join(folder, 'run'), pictures: names.slice(0, 2).map((name) => join(images, name)) };
}

describe.skipIf(python === undefined)(`an exported model in Python (${PYTHON_HINT})`, () => {
  it(
    'a run that began from random weights: its final model, and an earlier checkpoint',
    async () => {
      const { run, pictures } = await trainedRun('tiny');
      await expectSameInPython({ model: run }, run, pictures);
      await expectSameInPython({ model: run, step: 6 }, join(run, 'checkpoints', 'step-6'), pictures);
    },
    10 * MINUTES,
  );

  describe.skipIf(!hasReference)('the reference models (needs ../shared/reference)', () => {
    it.each(['clip-llama', 'siglip-qwen2'])(
      '%s, with pictures that are no squares, before and after twelve training steps',
      async (name) => {
        const reference = join(REFERENCE, name);
        const model = join(reference, 'model');
        const pictures = readdirSync(join(reference, 'images')).map((name) => join(reference, 'images', name));
        await expectSameInPython({ model }, model, pictures);
        const { run } = await trainedRun(model);
        await expectSameInPython({ model: run }, run, pictures);
      },
      10 * MINUTES,
    );

    it.each(['clip-llama', 'siglip-qwen2'])(
      "%s, converted from the LLaVA authors' own layout",
      async (name) => {
        const reference = join(REFERENCE, name);
        const { original } = await writeOriginal(join(reference, 'model'), temporaryFolder());
        const pictures = readdirSync(join(reference, 'images')).map((name) => join(reference, 'images', name));
        const folder = join(temporaryFolder(), 'converted');
        await expectSameInPython({ model: original, folder }, folder, pictures);
      },
      10 * MINUTES,
    );

    it.skipIf(pythonWith('peft') !== python)(
      'a LoRA adapter of clip-llama, through peft and merged',
      async () => {
        const model = join(REFERENCE, 'clip-llama', 'model');
        const { run, pictures } = await trainedRun(model, { train: { parts: 'lora', lora: { rank: 4, alpha: 8 } } });
        await expectSameInPython({ model: run, form: 'adapter' }, run, pictures, model);
        await expectSameInPython({ model: run }, run, pictures);
      },
      10 * MINUTES,
    );
  });
});
