/** What a hand does in the samples of a dataset. */
import type { Page } from 'playwright-core';

const WHEEL_TURNS = 80;
const WHEEL_PIXELS = 300;
const PAUSE_MS = 25;
/** Of the scroll bar: how far from the right edge it is held, and its thumb's least length. */
const [BAR_INSET, THUMB] = [6, 18];
const PLACES = [0.5, 0.9, 0.2, 0.7];
const DRAG_STEPS = 25;

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const list = (page: Page) => page.getByRole('listbox', { name: 'Samples' });

async function boxOf(page: Page): Promise<Box> {
  const box = await list(page).boundingBox();
  if (!box) throw new Error('the samples are not there');
  return box;
}

const PLACE = `(() => {
  const list = document.querySelector('[role=listbox]');
  return list.scrollTop / Math.max(1, list.scrollHeight - list.clientHeight);
})()`;

/** Where the list stands, from 0 at its beginning to 1 at its end. */
const placeOf = (page: Page): Promise<number> => page.evaluate<number>(PLACE);

// Text, as it runs in the page. The page's policy allows no evaluation of its own, so that it waits by itself.
const FILLED = `new Promise((done) => {
  const look = () => {
    const cells = [...document.querySelectorAll('[role=listbox] [role=option]')];
    const isFilled = cells.length > 0 && cells.every((cell) => cell.textContent.trim() !== '');
    if (isFilled) done(true);
    else requestAnimationFrame(look);
  };
  look();
})`;

/** Resolves when every cell in view has its sample. */
export async function filled(page: Page): Promise<void> {
  await list(page).waitFor();
  await page.evaluate(FILLED);
}

/** Opens a dataset's samples as grid or list. */
export async function show(page: Page, view: 'Grid' | 'List'): Promise<void> {
  await page.getByRole('group', { name: 'View' }).getByText(view, { exact: true }).click();
  await filled(page);
}

/** Turns the wheel down, then up again. */
export async function turnWheel(page: Page): Promise<void> {
  const { x, y, width, height } = await boxOf(page);
  await page.mouse.move(x + width / 2, y + height / 2);
  for (let turn = 0; turn < WHEEL_TURNS; turn++) {
    await page.mouse.wheel(0, turn < 0.75 * WHEEL_TURNS ? WHEEL_PIXELS : -WHEEL_PIXELS);
    await page.waitForTimeout(PAUSE_MS);
  }
}

/**
 * Drags the scroll bar's thumb to far places and rests at each until its samples are there.
 *
 * @returns milliseconds from letting go to the samples, for each place
 * @throws where the thumb did not follow
 */
export async function dragFar(page: Page): Promise<number[]> {
  const { x, y, width, height } = await boxOf(page);
  const bar = x + width - BAR_INSET;
  const waits: number[] = [];
  const thumbAt = (place: number): number => y + THUMB / 2 + place * (height - THUMB);
  for (const place of PLACES) {
    await page.mouse.move(bar, thumbAt(await placeOf(page)));
    await page.mouse.down();
    await page.mouse.move(bar, thumbAt(place), { steps: DRAG_STEPS });
    await page.mouse.up();
    const released = performance.now();
    await filled(page);
    waits.push(performance.now() - released);
    const reached = await placeOf(page);
    if (Math.abs(reached - place) > 0.1)
      throw new Error(`the scroll bar was dragged to ${place} and stands at ${reached}`);
  }
  return waits;
}

/** Types into the search field; the search goes on. */
export async function typeSearch(page: Page, text: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Search' });
  await field.fill('');
  await field.pressSequentially(text, { delay: 60 });
}

/** Resolves when the search is over and has found so many. */
export async function foundSamples(page: Page, count: number): Promise<void> {
  await page
    .getByRole('status')
    .filter({ hasText: new RegExp(`^${count} of .* samples$`) })
    .waitFor();
}
