/** From the address in the terminal to a finished model, as a user goes: data, stages, training, every button of a run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { parseRecipe } from '../../../src/shared/recipe-yaml.ts';
import { expectEveryStepOnce } from '../../helpers/e2e/run-files.ts';
import {
  button,
  choose,
  downloaded,
  ENGINE_MS,
  fill,
  goTo,
  main,
  region,
  SOON,
  stateIs,
  stepsBeyond,
  stepShown,
} from '../../helpers/e2e/screens.ts';
import { story } from '../../helpers/e2e/story.ts';
import { tinyDataset } from '../../helpers/tiny-dataset.ts';

const STEPS = 300;
const BATCH = 4;

/** Scenes with questions, and beside them a file with one record whose picture is not there. */
async function prepare(workspace: string): Promise<void> {
  const { train, folder } = await tinyDataset({ images: 36, size: 64 }, join(workspace, 'data', 'shapes'));
  const [first = '', ...others] = readFileSync(train, 'utf8').trimEnd().split('\n');
  const broken = { ...(JSON.parse(first) as object), id: 'without-picture', image: 'gone.png' };
  writeFileSync(join(folder, 'with-broken.jsonl'), [...others.slice(0, 3), JSON.stringify(broken)].join('\n'));
}

const numberOf = async (slider: Locator): Promise<number> => Number(await slider.getAttribute('aria-valuenow'));

story('a training from the first start to its end', prepare, (step, scene) => {
  const run = (): string => join(scene.workspace, 'runs', 'first-run');
  const stage = (): Locator => region(scene.page, 'Stage 1');
  const ratio = (): Promise<string> =>
    region(scene.page, 'Forecast').getByText('compression ratio of the run').locator('..').innerText();

  step('the address opens one session and leads to the first start', async () => {
    const { page, studio, browser } = scene;
    const { url } = studio;
    await page.goto(url);
    await page.getByRole('heading', { name: 'Train with fewer visual tokens, end with the full model' }).waitFor();
    expect(page.url()).not.toContain('token');
    const stranger = await browser.newPage();
    expect((await stranger.goto(url))?.status()).toBe(401);
    await stranger.goto(await studio.newUrl());
    await stranger.getByRole('heading', { name: 'Runs' }).waitFor();
    await stranger.context().close();
  });

  step('a dataset is imported by browsing', async () => {
    const { page } = scene;
    await button(page, 'Import data').click();
    await button(main(page), 'Import…').click();
    const dialog = page.getByRole('dialog', { name: 'Import a dataset' });
    await button(dialog, 'Browse…').first().click();
    const files = page.getByRole('dialog', { name: 'Choose a conversation file or its folder' });
    await button(files, /^data/).click();
    await button(files, /^shapes/).click();
    await button(files, /^train\.jsonl/).click();
    await fill(dialog, 'Name', 'Scenes');
    await button(dialog, 'Import').click();
    await page.getByRole('heading', { name: 'Scenes', exact: true }).waitFor();
    await page.getByText('24 samples', { exact: true }).waitFor();
  });

  step('a broken sample is shown with its reason', async () => {
    const { page } = scene;
    await goTo(page, 'Data');
    await button(main(page), 'Import…').click();
    await fill(page, 'File or folder', 'data/shapes/with-broken.jsonl');
    await button(page, 'Import').click();
    await page.getByRole('tab', { name: 'Validation 1' }).click();
    const row = region(page, 'Broken samples').getByRole('option').first();
    expect(await row.innerText()).toContain('gone.png');
    await row.click();
    const sample = page.getByRole('complementary', { name: 'Sample' });
    expect(await sample.getByRole('note').innerText()).toContain('gone.png');
    await sample.getByRole('heading', { name: 'without-picture', exact: true }).waitFor();
  });

  step('a sample shows its picture, its words and what it costs in tokens', async () => {
    const { page } = scene;
    await goTo(page, 'Data');
    await page.getByRole('link', { name: 'Scenes' }).click();
    await page.getByRole('listbox', { name: 'Samples' }).getByRole('option').first().click();
    const sample = page.getByRole('complementary', { name: 'Sample' });
    await sample.getByRole('img', { name: /^Picture of the sample/ }).waitFor();
    await sample.getByRole('tab', { name: 'Tokens' }).click();
    await choose(sample, 'Model', 'tiny');
    await choose(sample, 'Scheme', 'two-stage');
    // 64 visual tokens in each of 4 layers.
    expect(await sample.getByRole('row', { name: /^Full/ }).innerText()).toContain('256');
    expect(await sample.getByRole('row', { name: /^Stage 1/ }).innerText()).not.toContain('100 %');
  });

  step('a recipe is set up on the dataset at hand', async () => {
    const { page } = scene;
    await button(page, 'Train on it').click();
    await expect
      .poll(() => page.getByRole('combobox', { name: 'Conversations' }).innerText(), SOON)
      .toContain('Scenes');
    await fill(page, 'Name of the run', 'first-run');
    await choose(page, 'Train from', 'small');
    await main(page)
      .getByText(/^small: /)
      .waitFor();
    await choose(page, 'Train from', 'tiny');
    await main(page)
      .getByText(/^tiny: 4 layers/)
      .waitFor();
    await button(page, 'Scheme').click();
    await button(page, /^two-stage/).click();
    await fill(page, 'steps', String(STEPS));
    await fill(page, 'Batch', String(BATCH));
    await fill(page, 'Checkpoint every', '1000');
  });

  step('stages are dragged, moved by keys and set, and the forecast follows', async () => {
    const { page } = scene;
    const boundary = page.getByRole('slider', { name: 'End of stage 1' });
    await boundary.scrollIntoViewIfNeeded();
    const handle = await boundary.boundingBox();
    const block = await button(page, /^Stage 1:/).boundingBox();
    if (!handle || !block) throw new Error('the timeline is drawn');
    expect(await numberOf(boundary)).toBe(150);
    const before = await ratio();
    const [x, y] = [handle.x + handle.width / 2, handle.y + handle.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 0.4 * block.width, y, { steps: 8 });
    await page.mouse.up();
    expect(await numberOf(boundary)).toBe(210);
    expect(await ratio()).not.toBe(before);
    await boundary.press('ArrowLeft');
    expect(await numberOf(boundary)).toBe(207);
    await boundary.press('Alt+ArrowLeft');
    expect(await numberOf(boundary)).toBe(206);

    const dragged = await ratio();
    await fill(stage(), 'Stride S', '16');
    const deeper = await ratio();
    expect(deeper).not.toBe(dragged);
    await stage().getByRole('slider', { name: 'Layer K' }).press('ArrowRight');
    expect(await ratio()).not.toBe(deeper);
    await button(page, 'Undo').click();
    await expect.poll(ratio, SOON).toBe(deeper);
  });

  step('a wrong value is told while it is typed, and nothing can start', async () => {
    const { page } = scene;
    const optimizer = region(page, 'Optimizer');
    await fill(optimizer, 'Learning rate', 'fast');
    await optimizer.getByRole('alert').filter({ hasText: 'must be a number' }).waitFor();
    expect(await button(page, 'Start training').isDisabled()).toBe(true);
    await fill(optimizer, 'Learning rate', '-1');
    await optimizer.getByRole('alert').filter({ hasText: 'must be above 0' }).waitFor();
    await fill(optimizer, 'Learning rate', '1e-3');
    expect(await optimizer.getByRole('alert').count()).toBe(0);
  });

  step('the recipe stands as YAML, the list before the start is in order, and the run starts', async () => {
    const { page } = scene;
    await button(page, 'Recipe file').click();
    const yaml = await page.getByRole('textbox', { name: 'Recipe as YAML' }).inputValue();
    const recipe = parseRecipe(yaml, 'recipe');
    if (recipe.phase !== 'instruct') throw new Error('it tunes on conversations');
    expect(recipe).toMatchObject({ name: 'first-run', optimizer: { lr: 1e-3, batchSize: BATCH, steps: STEPS } });
    expect(recipe.data.train).toBe('data/shapes/train.jsonl');
    expect(recipe.stages?.map(({ compression }) => compression.split('/')[1])).toEqual(['16', undefined]);
    expect(Math.round((recipe.stages?.[0]?.share ?? 0) * STEPS)).toBe(206);

    const checks = region(page, 'Before the start');
    // The list is looked through again a moment after the last change.
    for (const title of ['Model', 'Data', 'Stages', 'Length', 'Disk', 'Memory'])
      await expect.poll(() => checks.innerText(), SOON).toContain(title);
    await expect.poll(() => checks.getByRole('status').innerText(), SOON).toBe('');
    expect(await checks.getByText('Error:').count()).toBe(0);
    await button(page, 'Start training').click();
    await page.waitForURL(/#\/runs\/first-run$/);
  });

  step('steps, charts and stages advance', async () => {
    const { page } = scene;
    await stateIs(page, 'Running');
    await stepsBeyond(page, 5);
    const readout = page.getByRole('complementary', { name: 'Readout' });
    const shown = async (): Promise<number> => Number(/step (\d+)/.exec(await readout.innerText())?.[1]);
    const before = await shown();
    const curve = await region(page, 'Loss').locator('canvas').screenshot();
    await expect.poll(shown, { timeout: ENGINE_MS }).toBeGreaterThan(before + 5);
    // Nobody acts on the page: charts follow seconds later.
    const isAsBefore = async (): Promise<boolean> =>
      (await region(page, 'Loss').locator('canvas').screenshot()).equals(curve);
    await expect.poll(isAsBefore, { timeout: ENGINE_MS }).toBe(false);
    const strip = await region(page, 'Progress').getByRole('img').getAttribute('aria-label');
    expect(strip).toMatch(/^Stages: \d\/16 for 69.%, none for 31.%; \d+.% done$/);
  });

  step('it pauses and stands still', async () => {
    const { page } = scene;
    await button(page, 'Pause').click();
    await stateIs(page, 'Paused');
    const paused = await stepShown(page);
    await page.waitForTimeout(1000);
    expect(await stepShown(page)).toBe(paused);
  });

  step('a checkpoint is saved when it is asked for, and the run resumes', async () => {
    const { page } = scene;
    await button(page, 'Checkpoint now').click();
    await page.getByRole('tab', { name: /^Checkpoints/ }).click();
    const row = page.getByRole('table', { name: 'Checkpoints' }).getByRole('row', { name: /^Step \d+/ });
    await row.first().waitFor();
    await button(row.first(), 'Verify').click();
    await row.first().getByText('As saved').waitFor();
    await page.getByRole('tab', { name: 'Charts' }).click();
    const paused = await stepShown(page);
    await button(page, 'Resume').click();
    await stateIs(page, 'Running');
    await stepsBeyond(page, paused);
  });

  step('a reload of the page disturbs nothing', async () => {
    const { page } = scene;
    const before = await stepShown(page);
    await page.reload();
    await stateIs(page, 'Running');
    await stepsBeyond(page, before + 5);
  });

  step('it stops, having saved, and continues from there', async () => {
    const { page } = scene;
    await button(page, 'Stop and save').click();
    await stateIs(page, 'Stopped');
    const stopped = await stepShown(page);
    expect(stopped).toBeLessThan(STEPS);
    await button(page, 'Continue').click();
    await stateIs(page, 'Running');
    await stepsBeyond(page, stopped);
  });

  step(
    'it ends with a model, and every step was counted once',
    async () => {
      const { page } = scene;
      await stateIs(page, 'Finished', 2 * ENGINE_MS);
      await main(page).getByText('The model is trained').waitFor();
      expect(await stepShown(page)).toBe(STEPS);
      expectEveryStepOnce(run(), STEPS, BATCH);
      await expect
        .poll(() => page.getByRole('complementary', { name: 'Readout' }).innerText(), SOON)
        .toContain(`step ${STEPS}`);
      const csv = await downloaded(page, () => main(page).getByRole('link', { name: 'CSV' }).click());
      expect(csv.trimEnd().split('\n')).toHaveLength(STEPS + 1);
      await button(page, 'Compare its answers').click();
      await page.getByRole('article', { name: 'Pane A' }).waitFor();
      expect(await page.getByRole('combobox', { name: 'Model' }).first().innerText()).toContain('first-run');
    },
    300_000,
  );
});
