/** One question to a model in full and compressed, and many at once. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { expect, it } from 'vitest';
import {
  button,
  choose,
  downloaded,
  dropFile,
  ENGINE_MS,
  fill,
  goTo,
  main,
  region,
  SOON,
} from '../../helpers/e2e/screens.ts';
import { story } from '../../helpers/e2e/story.ts';
import { runProgram } from '../../helpers/e2e/studio-process.ts';
import { tinyDataset } from '../../helpers/tiny-dataset.ts';
import { FFMPEG_OBSTACLE, writeVideo } from '../../helpers/video.ts';

const QUESTION = 'what is in the picture?';
const BATCH_QUESTIONS = 12;

/** A model that has hardly learnt: its answers are long and wild, so that they can be watched, stopped and told apart. */
async function prepare(workspace: string): Promise<void> {
  await tinyDataset({ images: 36, size: 64 }, join(workspace, 'data', 'shapes'));
  const recipe = {
    name: 'untrained',
    phase: 'instruct',
    model: { from: 'tiny' },
    data: { train: 'data/shapes/train.jsonl', maxLength: 256 },
    optimizer: { lr: 1e-6, batchSize: 4, steps: 1 },
    scheme: 'reproduce',
  };
  writeFileSync(join(workspace, 'recipe.yaml'), JSON.stringify(recipe));
  await runProgram(workspace, ['train', 'recipe.yaml', '--run', 'untrained']);
}

story('full and compressed answers side by side', prepare, (step, scene) => {
  const pane = (letter: string): Locator => scene.page.getByRole('article', { name: `Pane ${letter}` });
  const answerIs = (letter: string, note: string): Promise<void> =>
    pane(letter).getByText(note, { exact: true }).waitFor({ timeout: ENGINE_MS });
  const drawn = (letter: string): Locator => pane(letter).getByRole('application');
  const sampling = async (temperature: string, longest: string): Promise<void> => {
    const details = main(scene.page).getByRole('group').filter({ hasText: 'Sampling' });
    if (!(await details.getByRole('textbox', { name: 'Seed' }).isVisible()))
      await details.getByText('Sampling').click();
    await fill(details, 'Temperature', temperature);
    await fill(details, 'Longest answer', longest);
  };

  step('a picture is dropped, and is shown with its tokens in both panes', async () => {
    const { page, studio, workspace } = scene;
    await page.goto(studio.url);
    await goTo(page, 'Compare');
    await pane('B').waitFor();
    const picture = readFileSync(join(workspace, 'data', 'shapes', 'images', 'test', '000000.png'));
    await dropFile(region(page, 'Pictures'), { name: 'scene.png', type: 'image/png', content: picture });
    await region(page, 'Pictures').getByRole('img', { name: 'scene.png' }).waitFor();
    for (const letter of ['A', 'B']) await drawn(letter).waitFor();
    await main(page).getByText('1 picture: 64 visual tokens').waitFor();
  });

  step('the layer slider changes what is drawn where tokens were pooled, and nothing in full', async () => {
    const { page } = scene;
    const slider = page.getByRole('slider', { name: 'Decoder layer' });
    const label = (letter: string): Promise<string | null> => drawn(letter).getAttribute('aria-label');
    expect(await label('B')).toContain('8 visual tokens on 8 by 8 patches');
    const [full, pooled] = [await drawn('A').screenshot(), await drawn('B').screenshot()];
    await slider.press('Home');
    expect(await label('A')).toContain('64 visual tokens');
    expect(await label('B')).toContain('64 visual tokens');
    expect((await drawn('A').screenshot()).equals(full)).toBe(true);
    expect((await drawn('B').screenshot()).equals(pooled)).toBe(false);
    await slider.press('End');
    expect((await drawn('B').screenshot()).equals(pooled)).toBe(true);
  });

  step('answers stream, and are stopped', async () => {
    const { page } = scene;
    await sampling('1', '1500');
    await fill(page, 'Question', QUESTION);
    await button(page, 'Ask').click();
    const text = async (): Promise<number> => (await pane('A').locator('.answer').innerText()).length;
    await pane('A').locator('.answer').waitFor({ timeout: ENGINE_MS });
    const before = await text();
    await expect.poll(text, { timeout: ENGINE_MS, interval: 20 }).toBeGreaterThan(before);
    await button(page, /^Stop/).click();
    await answerIs('A', 'stopped');
    await button(page, 'Again').waitFor();
  });

  step('both panes answer, each with what it took, and words that differ are marked', async () => {
    const { page } = scene;
    await sampling('1', '40');
    await button(page, 'Ask').click();
    for (const letter of ['A', 'B']) {
      await pane(letter).getByRole('table', { name: 'What the answer took' }).waitFor({ timeout: ENGINE_MS });
      for (const measure of ['First token', 'Speed', 'FLOPs, exact', 'KV cache', 'Memory'])
        await pane(letter).getByRole('row', { name: measure }).waitFor();
    }
    await pane('B')
      .getByText(/words? differs? from A$|words differ from A$/)
      .waitFor();
    expect(await pane('A').getByRole('insertion').count()).toBeGreaterThan(0);
    expect(await pane('B').getByRole('insertion').count()).toBeGreaterThan(0);
    await page.getByRole('switch', { name: 'Mark differences' }).click();
    expect(await pane('B').getByRole('insertion').count()).toBe(0);
  });

  step('it is asked again with another seed', async () => {
    const { page } = scene;
    const before = await pane('A').locator('.answer').innerText();
    await button(page, 'Again').click();
    await expect.poll(() => pane('A').locator('.answer').innerText(), { timeout: ENGINE_MS }).not.toBe(before);
    await button(page, 'Ask').waitFor({ timeout: ENGINE_MS });
  });

  step('the comparison is saved as a file', async () => {
    const { page } = scene;
    const answers = await Promise.all(['A', 'B'].map((letter) => pane(letter).locator('.answer').innerText()));
    const file = await downloaded(page, async () => {
      await button(page, 'Export').click();
      await page.getByRole('menuitem', { name: 'JSON' }).click();
    });
    expect(file).toContain(QUESTION);
    const saved = JSON.parse(file) as { answers: { text: string }[] };
    expect(saved.answers.map(({ text }) => text.trim())).toEqual(answers.map((text) => text.trim()));
  });

  step('the history opens an earlier question, after a reload too', async () => {
    const { page } = scene;
    await page.reload();
    const entries = region(page, 'History').getByRole('listitem');
    await expect.poll(() => entries.count(), SOON).toBe(3);
    await entries.last().getByRole('button', { name: QUESTION }).first().click();
    await answerIs('A', 'stopped');
    expect(await page.getByRole('textbox', { name: 'Question' }).inputValue()).toBe(QUESTION);
  });

  step('a batch over part of a dataset lists where answers differ', async () => {
    const { page } = scene;
    await goTo(page, 'Data');
    await button(main(page), 'Import…').click();
    await fill(page, 'File or folder', 'data/shapes/test.jsonl');
    await button(page, 'Import').click();
    await page.getByText('12 samples', { exact: true }).waitFor();
    await goTo(page, 'Compare');
    await page.getByRole('tab', { name: 'Batch' }).click();
    await choose(main(page), 'Dataset', /test/);
    await fill(page, 'Questions', String(BATCH_QUESTIONS));
    await button(page, 'Ask all').click();
    await page.getByRole('table', { name: 'Accuracy and cost of each setting' }).waitFor({ timeout: ENGINE_MS });
    await button(page, `All ${BATCH_QUESTIONS}`).click();
    const rows = page.getByRole('table', { name: 'Questions and answers' }).locator('tbody tr');
    await expect.poll(() => rows.count(), SOON).toBe(BATCH_QUESTIONS);
    const filter = button(page, /^Disagreements/);
    const count = Number(/\d+/.exec(await filter.innerText())?.[0]);
    expect(count).toBeGreaterThan(0);
    await filter.click();
    await expect.poll(() => rows.count(), SOON).toBe(count);
  });

  step(
    'a study asks the same at layers and strides, says how many tokens can go, and is there after a reload',
    async () => {
      const { page } = scene;
      await goTo(page, 'Study');
      await choose(main(page), 'Dataset', /test/);
      await fill(page, 'Layers K', '1, 9');
      await main(page)
        .getByText(/9\/2:average-pool does not fit/)
        .waitFor();
      await fill(page, 'Layers K', '1');
      await fill(page, 'Strides S', '4, 16');
      await fill(page, 'Questions', String(BATCH_QUESTIONS));
      await button(page, 'Ask at 3 settings').click();
      const answer = region(page, 'How many tokens can go');
      await answer.getByText('3 points').first().waitFor({ timeout: ENGINE_MS });
      await page.reload();
      await answer.getByText('3 points').first().waitFor();
      await button(page, /^1\/16: /).click();
      expect(
        await page.getByRole('table', { name: 'All settings of the study' }).locator('tr.chosen').innerText(),
      ).toMatch(/^1\/16/);
      const file = await downloaded(page, async () => {
        await button(page, 'Export').click();
        await page.getByRole('menuitem', { name: 'CSV' }).click();
      });
      expect(file.trimEnd().split('\n')).toHaveLength(1 + 3);
      await goTo(page, 'Compare');
      await page.getByRole('tab', { name: 'Batch' }).click();
    },
  );

  step('the batch is saved as a file, and a row of it opens in the panes', async () => {
    const { page } = scene;
    const file = await downloaded(page, async () => {
      await button(page, 'Export').click();
      await page.getByRole('menuitem', { name: 'CSV' }).click();
    });
    expect(file.trimEnd().split('\n')).toHaveLength(BATCH_QUESTIONS + 1);
    const row = page.getByRole('table', { name: 'Questions and answers' }).locator('tbody tr').first();
    const question = await row.getByRole('button').innerText();
    await row.getByRole('button').click();
    expect(await page.getByRole('textbox', { name: 'Question' }).inputValue()).toBe(question);
    for (const letter of ['A', 'B']) await drawn(letter).waitFor();
  });

  const film = 'a video that the browser cannot decode is dropped, and its frames are answered about';
  const askAboutFilm = async (): Promise<void> => {
    const { page, workspace } = scene;
    const file = join(workspace, 'film.mp4');
    writeVideo(file, { frames: 12, width: 64, height: 48 });
    await region(page, 'Pictures')
      .getByRole('button', { name: /^Remove/ })
      .click();
    await fill(page, 'Frames of a video', '4');
    await dropFile(region(page, 'Pictures'), { name: 'film.mp4', type: 'video/mp4', content: readFileSync(file) });
    const frames = region(page, 'Pictures').getByRole('img', { name: 'film.mp4' });
    await expect.poll(() => frames.count(), { timeout: ENGINE_MS }).toBe(4);
    await main(page).getByText('4 pictures or frames: 256 visual tokens').waitFor();
    await fill(page, 'Question', 'what moves?');
    await sampling('1', '4');
    await button(page, 'Ask').click();
    for (const letter of ['A', 'B'])
      await pane(letter).getByRole('table', { name: 'What the answer took' }).waitFor({ timeout: ENGINE_MS });
    await drawn('B').first().waitFor();
  };
  if (FFMPEG_OBSTACLE === undefined) step(film, askAboutFilm);
  else it.skip(`${film} (skipped: ${FFMPEG_OBSTACLE})`);
});
