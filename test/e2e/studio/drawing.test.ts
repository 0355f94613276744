/** What the run screen draws while nobody acts on it, counted in frames of the browser: nothing here depends on its speed. */
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { longRunPlan, metricRows, writeLongRun } from '../../../bench/long-run.ts';
import { buildPage } from '../../helpers/e2e/built-page.ts';
import { BROWSER_OBSTACLE, launchChromium } from '../../helpers/e2e/chromium.ts';
import { serveForTest, type TestStudio } from '../../helpers/served-studio.ts';

const PATIENCE_MS = 600_000;
const RUN = 'watched';
const STEPS = 400;
/** How long frames are counted, and how often rows come meanwhile. */
const [LOOK_MS, ROWS_EVERY_MS, ROWS] = [4000, 50, 80];
/** Longer than charts rest at most; and how long the page may take until it rests. */
const [CHART_PAUSE_MS, REST_MS] = [12_000, 120_000];
if (BROWSER_OBSTACLE !== undefined) console.warn(`Skipped: what the run screen draws. In short: ${BROWSER_OBSTACLE}.`);

const eventSchema = z.looseObject({ name: z.string() });

/** Counts what the browser records by name while something is under way. */
async function counted(session: CDPSession, act: () => Promise<unknown>): Promise<(name: string) => number> {
  const names: string[] = [];
  const collect = ({ value }: { value: unknown[] }): void =>
    void names.push(...value.map((event) => eventSchema.parse(event).name));
  session.on('Tracing.dataCollected', collect);
  const includedCategories = ['devtools.timeline', 'disabled-by-default-devtools.timeline.frame', 'cc', 'viz'];
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories } });
  await act();
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await complete;
  session.off('Tracing.dataCollected', collect);
  return (name) => names.filter((found) => found === name).length;
}

describe.skipIf(BROWSER_OBSTACLE !== undefined)('the run screen', { timeout: PATIENCE_MS }, () => {
  let browser: Browser;
  let page: Page;
  let session: CDPSession;
  let studio: TestStudio;

  beforeAll(async () => {
    await buildPage();
    browser = await launchChromium();
    session = await browser.newBrowserCDPSession();
    studio = await serveForTest();
    const runs = join(studio.workspace, 'runs');
    mkdirSync(runs, { recursive: true });
    const recipe = await readFile(new URL('../../../resources/recipes/easy-vqa-4stage.yaml', import.meta.url), 'utf8');
    await writeLongRun(runs, RUN, STEPS, recipe);
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await page.goto(studio.served.newUrl());
    await page.waitForURL(/#\/runs/);
    await page.goto(`http://127.0.0.1:${studio.served.port}/#/runs/${RUN}`);
    await page.locator('section[aria-label="Loss"] canvas').waitFor();
    // Charts draw, and the watch tells the run once.
    await page.waitForTimeout(6000);
  }, PATIENCE_MS);
  afterAll(async () => {
    await browser?.close();
    await studio?.close();
  });

  /** The run as it would be told while it trains. */
  const tellRun = async (state: 'running' | 'paused'): Promise<void> => {
    const run = await studio.served.studio.runs.summary(RUN);
    if (run) studio.served.studio.events.publish({ kind: 'run', run: { ...run, state } });
  };

  it.each(['running', 'paused'] as const)('draws nothing while nothing changes: %s', async (state) => {
    await tellRun(state);
    await page
      .getByText(state === 'running' ? 'Running' : 'Paused', { exact: true })
      .first()
      .waitFor();
    // What the change of state asked for is drawn at the page's own pace: charts may come last.
    const frames = async (): Promise<number> =>
      (await counted(session, () => page.waitForTimeout(CHART_PAUSE_MS)))('DrawFrame');
    await expect.poll(frames, { timeout: REST_MS }).toBe(0);
    const count = await counted(session, () => page.waitForTimeout(LOOK_MS));
    expect(count('DrawFrame')).toBe(0);
    expect(count('Paint')).toBe(0);
  });

  it('draws few frames while rows come twenty times a second, and shows the last row', async () => {
    await tellRun('running');
    const rows = [...metricRows(longRunPlan(2 * STEPS), ROWS)].map((row) => ({ ...row, step: row.step + STEPS }));
    const count = await counted(session, async () => {
      for (const row of rows) {
        studio.served.studio.events.publish({ kind: 'metrics', run: RUN, rows: [row] });
        await page.waitForTimeout(ROWS_EVERY_MS);
      }
    });
    await page.getByText(`Step ${STEPS + ROWS}`, { exact: true }).waitFor();
    // Each row in a frame of its own would be eighty, a turning sign sixty a second.
    expect(count('DrawFrame')).toBeGreaterThan(0);
    expect(count('DrawFrame')).toBeLessThan(ROWS / 2);
  });

  it('shows rows at once to somebody who acts', async () => {
    const [row] = metricRows(longRunPlan(STEPS), 1);
    const last = { ...row!, step: STEPS + ROWS + 1 };
    await page.mouse.move(400, 40);
    studio.served.studio.events.publish({ kind: 'metrics', run: RUN, rows: [{ ...last, step: last.step - 1 }] });
    studio.served.studio.events.publish({ kind: 'metrics', run: RUN, rows: [last] });
    await page.getByText(`Step ${last.step}`, { exact: true }).waitFor();
  });
});
