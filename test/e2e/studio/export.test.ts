/** A trained model leaves for Python from the page. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { expect } from 'vitest';
import { button, choose, ENGINE_MS, goTo, main } from '../../helpers/e2e/screens.ts';
import { story } from '../../helpers/e2e/story.ts';
import { runProgram } from '../../helpers/e2e/studio-process.ts';
import { tinyDataset } from '../../helpers/tiny-dataset.ts';

async function prepare(workspace: string): Promise<void> {
  await tinyDataset({}, join(workspace, 'data', 'shapes'));
  const recipe = {
    name: 'short',
    model: { from: 'tiny' },
    data: { train: 'data/shapes/train.jsonl', maxLength: 256 },
    optimizer: { lr: 1e-3, batchSize: 4, steps: 2 },
    checkpoint: { every: 1 },
    scheme: 'reproduce',
  };
  writeFileSync(join(workspace, 'recipe.yaml'), JSON.stringify(recipe));
  await runProgram(workspace, ['train', 'recipe.yaml', '--run', 'short']);
}

story('a model is exported for Python', prepare, (step, scene) => {
  const dialog = (): Locator => scene.page.getByRole('dialog', { name: 'Export for Python' });
  const folder = (): Locator => dialog().getByRole('textbox', { name: 'Folder' });
  const exported = (...path: string[]): string => join(scene.workspace, 'exports', ...path);

  step('the finished model, from the table of runs', async () => {
    const { page, studio } = scene;
    await page.goto(studio.url);
    await goTo(page, 'Runs');
    await main(page)
      .getByRole('button', { name: /Actions|More/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: 'Export for Python…' }).click();
    await expect.poll(() => folder().inputValue()).toBe('exports/short');
    await button(dialog(), 'Export').click();
    await dialog().getByText('Written').waitFor({ timeout: ENGINE_MS });
    expect(await dialog().locator('pre').innerText()).toContain('AutoModelForImageTextToText');
    expect(readFileSync(exported('short', 'README.md'), 'utf8')).toContain('2 of 2');
    await button(dialog(), 'Close').last().click();
  });

  step('a checkpoint, from the run; a folder that is not empty is kept', async () => {
    const { page } = scene;
    await main(page).getByText('short').first().click();
    await page.getByRole('tab', { name: /Models|Checkpoints/ }).click();
    await button(main(page), 'Export…').first().click();
    await choose(dialog(), 'Model', /^Step 1/);
    await expect.poll(() => folder().inputValue()).toBe('exports/short-step-1');
    await folder().fill('exports/short');
    await button(dialog(), 'Export').click();
    await dialog().getByText('is not empty').first().waitFor({ timeout: ENGINE_MS });
    await folder().fill('exports/first');
    await button(dialog(), 'Export').click();
    await dialog().getByText('Written').waitFor({ timeout: ENGINE_MS });
    expect(existsSync(exported('first', 'model.safetensors'))).toBe(true);
    expect(readFileSync(exported('first', 'README.md'), 'utf8')).toContain('# short, step 1');
  });
});
