/** Every screen in a real browser, dark and light: accessible, within its policy, quiet, and text stays text. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EMPTY_SCREENS, SCREENS, settled, type Screen, type ShownStudio } from '../../helpers/e2e/all-screens.ts';
import { buildPage } from '../../helpers/e2e/built-page.ts';
import { BROWSER_OBSTACLE, launchChromium } from '../../helpers/e2e/chromium.ts';
import { fillHostileWorkspace, HOSTILE } from '../../helpers/e2e/hostile-workspace.ts';
import { PageWatch } from '../../helpers/e2e/page-watch.ts';
import { serveForTest, type TestStudio } from '../../helpers/served-studio.ts';

const PATIENCE_MS = 600_000;
/** What a screen waits for is local and small. */
const SCREEN_MS = 60_000;
const THEMES = ['dark', 'light'] as const;
if (BROWSER_OBSTACLE !== undefined) console.warn(`Skipped: all screens in a browser. In short: ${BROWSER_OBSTACLE}.`);

/** Where hostile text must be seen, or that it does no harm would prove nothing. */
const SHOWS: Readonly<Record<string, readonly string[]>> = {
  runs: [HOSTILE.element, HOSTILE.script],
  run: [HOSTILE.element],
  'run-setup': [HOSTILE.element],
  overlay: [HOSTILE.element],
  data: [HOSTILE.element, HOSTILE.script],
  dataset: [HOSTILE.script],
  sample: [HOSTILE.formula],
  validation: [HOSTILE.element],
  'train-recipe-file': [HOSTILE.element],
  // What the trained model says.
  compare: [HOSTILE.element],
  'compare-sample': [HOSTILE.element],
  batch: [HOSTILE.formula, HOSTILE.link, HOSTILE.element],
  'command-palette': [HOSTILE.element],
};

// Text, as it runs in the page, whose names this program does not know.
const OBEYED = `[...document.querySelectorAll('img[src="x"], [onerror], a[href^="javascript:"], script:not([src])')]
  .map(({ outerHTML }) => outerHTML)`;
/** What scrolls sideways: the page must not, nor anything in it that the keyboard cannot scroll. */
const TOO_WIDE = `[...document.querySelectorAll('*')]
  .filter((element) => element.scrollWidth > element.clientWidth && !element.matches('[tabindex="0"], textarea, input'))
  .filter((element) => element === document.documentElement || element === document.body ||
    ['auto', 'scroll'].includes(getComputedStyle(element).overflowX))
  .map(({ tagName, className, scrollWidth, clientWidth }) => [tagName, className, scrollWidth, clientWidth].join(' '))`;
const textsSchema = z.array(z.string());

async function accessibilityFaults(page: Page): Promise<string[]> {
  // Without a page of its own to gather results in: there are no frames.
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const grave = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  return grave.flatMap(({ id, nodes }) =>
    nodes.map(
      ({ html, any, all, none }) => `${id}: ${html} ${[...any, ...all, ...none].map((one) => one.message).join()}`,
    ),
  );
}

interface Visit {
  readonly page: Page;
  readonly watch: PageWatch;
}

async function check({ page, watch }: Visit, screen: Screen, studio: ShownStudio): Promise<void> {
  await screen.show(page, studio);
  await settled(page);
  for (const text of SHOWS[screen.name] ?? []) {
    // Parts of the page that are not shown, such as an answer for screen readers, count as well: it is text all the same.
    const inField = await page
      .locator('textarea, input')
      .evaluateAll((fields) => fields.map((field) => String(Reflect.get(field, 'value'))));
    const shown = (await page.getByText(text).count()) > 0 || inField.some((value) => value.includes(text));
    expect.soft(shown, `${text} is shown`).toBe(true);
  }
  expect.soft(textsSchema.parse(await page.evaluate(OBEYED)), 'text that became part of the page').toEqual([]);
  expect.soft(textsSchema.parse(await page.evaluate(TOO_WIDE)), 'too wide').toEqual([]);
  expect.soft(await accessibilityFaults(page), 'accessibility').toEqual([]);
  expect.soft(watch.take(), 'console, policy, dialogs, requests').toEqual([]);
}

/** The pages of a studio in both themes. */
function checkAll(
  screens: readonly Screen[],
  studioOf: () => { browser: Browser; studio: TestStudio; shown: ShownStudio },
): void {
  describe.each(THEMES)('%s', (theme) => {
    let visit: Visit;
    beforeAll(async () => {
      const { browser, studio } = studioOf();
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: theme });
      visit = { page: await context.newPage(), watch: new PageWatch() };
      visit.page.setDefaultTimeout(SCREEN_MS);
      await visit.watch.attach(visit.page);
      const answer = await visit.page.goto(studio.served.newUrl());
      // Where the studio leads to by itself.
      await visit.page.waitForURL(/#\/runs$/);
      expect(answer?.headers()['content-security-policy']).toMatch(/script-src 'self';/);
    }, PATIENCE_MS);
    afterAll(() => visit.page.context().close());

    it.each(screens)('$name', (screen) => check(visit, screen, studioOf().shown), PATIENCE_MS);
  });
}

const suffix = BROWSER_OBSTACLE === undefined ? '' : ` (skipped: ${BROWSER_OBSTACLE})`;
describe.skipIf(BROWSER_OBSTACLE !== undefined)(`all screens${suffix}`, () => {
  let browser: Browser;
  let studio: TestStudio;
  let shown: ShownStudio;

  beforeAll(async () => {
    await buildPage();
    browser = await launchChromium();
  }, PATIENCE_MS);
  afterAll(() => browser.close());

  describe('of a workspace full of hostile text', () => {
    beforeAll(async () => {
      studio = await serveForTest(undefined, 'real');
      shown = await fillHostileWorkspace(studio);
    }, PATIENCE_MS);
    afterAll(() => studio.close(), PATIENCE_MS);
    checkAll(SCREENS, () => ({ browser, studio, shown }));
  });

  describe('of an empty workspace', () => {
    beforeAll(async () => {
      studio = await serveForTest();
      shown = { origin: `http://127.0.0.1:${studio.served.port}`, runs: [], dataset: '', sample: 0 };
    }, PATIENCE_MS);
    afterAll(() => studio.close(), PATIENCE_MS);
    checkAll(EMPTY_SCREENS, () => ({ browser, studio, shown }));
  });
});
