/** What a hand does on the charts of a run. */
import type { Page } from 'playwright-core';

const MOVES = 60;
const MOVE_PAUSE_MS = 30;
const CHART = 'Loss';

async function placeOf(page: Page): Promise<{ x: number; y: number; width: number }> {
  const box = await page.locator(`section[aria-label="${CHART}"] canvas`).first().boundingBox();
  if (!box) throw new Error(`the chart ${CHART} is not there`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, width: box.width };
}

/** Opens a run's screen and waits for its charts. `origin` has been entered before. */
export async function openRun(page: Page, origin: string, run: string): Promise<void> {
  await page.goto(`${origin}/#/runs/${run}`);
  await page.locator(`section[aria-label="${CHART}"] canvas`).first().waitFor();
}

/** Moves back and forth over a chart, so that all charts show their values there. */
export async function hover(page: Page): Promise<void> {
  const { x, y, width } = await placeOf(page);
  for (let move = 0; move < MOVES; move++) {
    await page.mouse.move(x + Math.sin(move / 6) * width * 0.45, y);
    await page.waitForTimeout(MOVE_PAUSE_MS);
  }
}

/** Chooses the middle fifth of the axis. */
export async function zoomIn(page: Page): Promise<void> {
  const { x, y, width } = await placeOf(page);
  await page.mouse.move(x - width * 0.1, y);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.1, y, { steps: 10 });
  await page.mouse.up();
  await page.getByRole('button', { name: 'Show all' }).waitFor();
}

export async function showAll(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Show all' }).click();
}

/** Drags the part that is shown back and forth. */
export async function pan(page: Page): Promise<void> {
  const { x, y, width } = await placeOf(page);
  await page.keyboard.down('Shift');
  await page.mouse.move(x, y);
  await page.mouse.down();
  for (let move = 0; move < MOVES; move++) {
    await page.mouse.move(x + Math.sin(move / 6) * width * 0.3, y);
    await page.waitForTimeout(MOVE_PAUSE_MS);
  }
  await page.mouse.up();
  await page.keyboard.up('Shift');
}

/** Turns smoothing off and on again, to its ends, by keys. */
export async function changeSmoothing(page: Page, times: number): Promise<void> {
  const thumb = page.getByRole('slider', { name: 'Smoothing' });
  await thumb.focus();
  for (let time = 0; time < times; time++) {
    await page.keyboard.press(time % 2 === 0 ? 'Home' : 'End');
    await page.waitForTimeout(10 * MOVE_PAUSE_MS);
  }
}
