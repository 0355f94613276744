/**
 * Frame times of the run screen with very many recorded steps: while panning, while pointing, and while ten updates a
 * second come in.
 *
 *     node --import tsx bench/run-screen.ts [steps, by default 1000000]
 *
 * It needs Chromium (CHROMIUM names another than /usr/bin/chromium) and the built renderer (npm run build:renderer; PAGES
 * names another folder than out/renderer). Everything else is made in a temporary folder: a run of real lines, the
 * studio's own server.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { serve, type ServedStudio } from '../src/main/serve.ts';
import { frameTimes, type FrameTimes } from './frame-times.ts';
import { metricRows, writeLongRun } from './long-run.ts';
import { withPage } from './studio/browser.ts';
import { hover, openRun, pan, showAll, zoomIn } from './studio/chart-gestures.ts';

const RUN = 'long';
const LIVE_MS = 10_000;
const UPDATE_MS = 100;
const ROWS_PER_UPDATE = 2;

const steps = Number(process.argv[2] ?? 1_000_000);
const pages = process.env['PAGES'] ?? fileURLToPath(new URL('../out/renderer', import.meta.url));
const recipeFile = fileURLToPath(new URL('../resources/recipes/easy-vqa-4stage.yaml', import.meta.url));

const shown = (ms: number): string => `${ms.toFixed(1)} ms`;

function tell(what: string, times: FrameTimes): void {
  const { frames, median, p95, p99, longest, longestInput } = times;
  const input = longestInput === undefined ? '' : `, longest input ${shown(longestInput)}`;
  const figures = `median ${shown(median)}, 95 % ${shown(p95)}, 99 % ${shown(p99)}, longest ${shown(longest)}`;
  console.log(`${what}: ${frames} frames, ${figures}${input}`);
}

/** Sends rows as a training does, through the server's own stream of events, while the pointer moves. */
async function live(
  page: Page,
  { studio }: ServedStudio,
  plan: Awaited<ReturnType<typeof writeLongRun>>,
): Promise<void> {
  const rows = [...metricRows({ ...plan, totalSteps: 2 * steps }, 400)].map((row) => ({
    ...row,
    step: row.step + steps,
  }));
  let sent = 0;
  const timer = setInterval(() => {
    studio.events.publish({ kind: 'metrics', run: RUN, rows: rows.slice(sent, (sent += ROWS_PER_UPDATE)) });
  }, UPDATE_MS);
  const end = Date.now() + LIVE_MS;
  while (Date.now() < end) await hover(page);
  clearInterval(timer);
}

async function measure(
  page: Page,
  served: ServedStudio,
  plan: Awaited<ReturnType<typeof writeLongRun>>,
): Promise<void> {
  const opened = performance.now();
  await page.goto(served.url);
  await openRun(page, `http://127.0.0.1:${served.port}`, RUN);
  console.log(`opened: charts are there after ${((performance.now() - opened) / 1000).toFixed(1)} s`);
  await page.waitForTimeout(2000);
  tell('nothing done', await frameTimes(page, () => page.waitForTimeout(3000)));
  tell('pointing', await frameTimes(page, () => hover(page)));
  await zoomIn(page);
  await page.waitForTimeout(2000);
  tell('panning', await frameTimes(page, () => pan(page)));
  await showAll(page);
  await page.waitForTimeout(2000);
  tell('ten updates a second, pointing', await frameTimes(page, () => live(page, served, plan)));
}

const workspace = await mkdtemp(join(tmpdir(), 'llavolta-run-screen-'));
try {
  let begun = performance.now();
  const plan = await writeLongRun(join(workspace, 'runs'), RUN, steps, await readFile(recipeFile, 'utf8'));
  console.log(`${steps} lines written in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  begun = performance.now();
  const served = await serve({ workspace, port: 0, host: '127.0.0.1', pages });
  console.log(`the studio has read them after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  await withPage((page) => measure(page, served, plan));
  await served.close();
} finally {
  process.chdir(tmpdir());
  await rm(workspace, { recursive: true, force: true });
}
