/** The screen of a run with very many recorded steps. */
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { frameTimes } from '../frame-times.ts';
import { writeLongRun } from '../long-run.ts';
import { enter, withPage } from './browser.ts';
import { changeSmoothing, hover, openRun, pan, showAll, zoomIn } from './chart-gestures.ts';
import { familyOf, residentBytes } from './processes.ts';
import { FRAME_HEAD, frameRow, shown, shownMegabytes, type Section } from './section.ts';
import { startStudio, type RunningStudio } from './studio-process.ts';
import { longRunRecipe } from './workspaces.ts';

const RUN = 'long';
const REST_MS = 2000;
const SMOOTHING_CHANGES = 10;

async function measureRows(page: Page, origin: string): Promise<{ rows: string[][]; openedMs: number }> {
  const rows: string[][] = [];
  const measure = async (what: string, act: () => Promise<void>): Promise<void> => {
    rows.push(frameRow(what, await frameTimes(page, act)));
    await page.waitForTimeout(REST_MS);
  };
  await page.waitForTimeout(REST_MS);
  const begun = performance.now();
  let openedMs = 0;
  await measure('opening the run', async () => {
    await openRun(page, origin, RUN);
    openedMs = performance.now() - begun;
    await page.waitForTimeout(REST_MS / 2);
  });
  await measure('nothing is done', () => page.waitForTimeout(REST_MS));
  await measure('pointing at all charts', () => hover(page));
  await measure('zooming in and out again, finer curves fetched', async () => {
    await zoomIn(page);
    await page.waitForTimeout(REST_MS);
    await showAll(page);
    await page.waitForTimeout(REST_MS / 2);
  });
  await measure(`smoothing switched ${SMOOTHING_CHANGES} times`, () => changeSmoothing(page, SMOOTHING_CHANGES));
  await zoomIn(page);
  await page.waitForTimeout(REST_MS);
  await measure('dragging the axis, zoomed', () => pan(page));
  return { rows, openedMs };
}

async function measureIn(studio: RunningStudio, steps: number): Promise<Section> {
  const readMs = performance.now() - studio.startedAt;
  const { rows, openedMs } = await withPage(async (page) => {
    await enter(page, studio);
    return measureRows(page, studio.origin);
  });
  const memory = shownMegabytes(residentBytes(familyOf(studio.pid)));
  return {
    title: `Frames: a run of ${shown(steps)} steps`,
    text:
      'Time between animation frames on the run screen, 1280 x 800, Chromium without a window, drawn by the processor. The ' +
      `studio was there ${shown(readMs / 1000, 1)} s after its start, having read all ${shown(steps)} lines; the charts ` +
      `${shown(openedMs)} ms after the run was chosen. Its processes take ${memory} MB.`,
    table: [FRAME_HEAD, ...rows],
  };
}

/** Writes the run into an empty workspace and looks at it. */
export async function measureMillionPoints(workspace: string, steps: number): Promise<Section> {
  await writeLongRun(join(workspace, 'runs'), RUN, steps, await longRunRecipe());
  const studio = await startStudio(workspace);
  try {
    return await measureIn(studio, steps);
  } finally {
    await studio.stop();
  }
}
