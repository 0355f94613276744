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
import { chromium, type Page } from 'playwright-core';
import { serve, type ServedStudio } from '../src/main/serve.ts';
import { frameTimes, type FrameTimes } from './frame-times.ts';
import { metricRows, writeLongRun } from './long-run.ts';

const RUN = 'long';
const WAIT_MS = 300_000;
const LIVE_MS = 10_000;
const UPDATE_MS = 100;
const ROWS_PER_UPDATE = 2;
const MOVES = 60;
const MOVE_PAUSE_MS = 30;

const steps = Number(process.argv[2] ?? 1_000_000);
const chromiumPath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const pages = process.env['PAGES'] ?? fileURLToPath(new URL('../out/renderer', import.meta.url));
const recipeFile = fileURLToPath(new URL('../resources/recipes/easy-vqa-4stage.yaml', import.meta.url));

const shown = (ms: number): string => `${ms.toFixed(1)} ms`;

function tell(what: string, times: FrameTimes): void {
  const { frames, median, p95, p99, longest, longestInput } = times;
  const input = longestInput === undefined ? '' : `, longest input ${shown(longestInput)}`;
  const figures = `median ${shown(median)}, 95 % ${shown(p95)}, 99 % ${shown(p99)}, longest ${shown(longest)}`;
  console.log(`${what}: ${frames} frames, ${figures}${input}`);
}

async function centreOf(page: Page, title: string): Promise<{ x: number; y: number; width: number }> {
  const box = await page.locator(`section[aria-label="${title}"] canvas`).first().boundingBox();
  if (!box) throw new Error(`the chart ${title} is not there`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, width: box.width };
}

/** Zooms into the middle fifth, then drags back and forth. */
async function pan(page: Page): Promise<void> {
  const { x, y, width } = await centreOf(page, 'Loss');
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

async function zoomIn(page: Page): Promise<void> {
  const { x, y, width } = await centreOf(page, 'Loss');
  await page.mouse.move(x - width * 0.1, y);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.1, y, { steps: 10 });
  await page.mouse.up();
  await page.getByRole('button', { name: 'Show all' }).waitFor({ timeout: WAIT_MS });
}

async function point(page: Page): Promise<void> {
  const { x, y, width } = await centreOf(page, 'Loss');
  for (let move = 0; move < MOVES; move++) {
    await page.mouse.move(x + Math.sin(move / 6) * width * 0.45, y);
    await page.waitForTimeout(MOVE_PAUSE_MS);
  }
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
  while (Date.now() < end) await point(page);
  clearInterval(timer);
}

async function measure(
  page: Page,
  served: ServedStudio,
  plan: Awaited<ReturnType<typeof writeLongRun>>,
): Promise<void> {
  const opened = performance.now();
  await page.goto(served.url);
  await page.goto(`http://127.0.0.1:${served.port}/#/runs/${RUN}`);
  await page.locator('section[aria-label="Loss"] canvas').waitFor({ timeout: WAIT_MS });
  console.log(`opened: charts are there after ${((performance.now() - opened) / 1000).toFixed(1)} s`);
  await page.waitForTimeout(2000);
  tell('nothing done', await frameTimes(page, () => page.waitForTimeout(3000)));
  tell('pointing', await frameTimes(page, () => point(page)));
  await zoomIn(page);
  await page.waitForTimeout(2000);
  tell('panning', await frameTimes(page, () => pan(page)));
  await page.getByRole('button', { name: 'Show all' }).click();
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
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(WAIT_MS);
  await measure(page, served, plan);
  await browser.close();
  await served.close();
} finally {
  process.chdir(tmpdir());
  await rm(workspace, { recursive: true, force: true });
}
