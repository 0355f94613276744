/**
 * Takes the pictures of docs/screenshots from a real workspace: every screen, dark and light, small and large, as
 * `<screen>-<theme>-<width>.png`.
 *
 *     npm run screenshots -- --workspace DIR [--run NAME] [--only runs,compare] [--out docs/screenshots]
 *
 * The workspace holds finished runs and, in data/, conversation files. What is missing is made: datasets are imported, a
 * question is asked, and a batch of questions too. Nothing there is changed or removed. It needs Chromium (CHROMIUM
 * names another than the system's).
 */
import { mkdtempSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { PROJECT_FOLDER } from '../scripts/setup/engine-plan.mjs';
import { serve, type ServedStudio } from '../src/main/serve.ts';
import { EMPTY_SCREENS, SCREENS, settled, type Screen, type ShownStudio } from '../test/helpers/e2e/all-screens.ts';
import { buildPage } from '../test/helpers/e2e/built-page.ts';
import { launchChromium } from '../test/helpers/e2e/chromium.ts';
import { until } from '../test/helpers/served-studio.ts';

const THEMES = ['dark', 'light'] as const;
const SIZES = [
  { width: 1280, height: 800 },
  { width: 1920, height: 1080 },
] as const;
const MOST_BYTES = 300_000;
const COLOURS = [256, 128, 64, 32];
const SAMPLE = 3;
const BATCH = { count: 400, compressions: ['none', '1/8', '3/2', '1/64'] };
/** Dialogs and tabs that show little of their own; and the engine's screen, which names folders of this machine. */
const LEFT_OUT = [
  'engine',
  'validation',
  'data-import',
  'run-log',
  'compare-sample',
  'train-start-from',
  'train-empty',
  'compare-empty',
];

const { values: options } = parseArgs({
  options: {
    workspace: { type: 'string' },
    run: { type: 'string' },
    only: { type: 'string' },
    out: { type: 'string', default: join(PROJECT_FOLDER, 'docs', 'screenshots') },
  },
});
if (options.workspace === undefined) throw new Error('--workspace DIR is missing: a folder with runs/ and data/');
const workspace = resolve(options.workspace);
const out = resolve(options.out);
const wanted = options.only?.split(',');
const isWanted = ({ name }: Screen): boolean => (wanted ? wanted.includes(name) : !LEFT_OUT.includes(name));

/** Imports the conversation files of data/ that the library does not have. @returns id of one, a test split if there is one */
async function datasetOf({ studio }: ServedStudio): Promise<string> {
  const { datasets } = studio;
  for (const folder of readdirSync(join(workspace, 'data'))) {
    for (const name of readdirSync(join(workspace, 'data', folder)).filter((one) => one.endsWith('.jsonl'))) {
      const path = join('data', folder, name);
      if (!datasets.list().some(({ file }) => file === path)) await datasets.add({ path });
    }
  }
  await until(() => datasets.list().every(({ state }) => state !== 'importing'), 600_000);
  const ready = datasets.list().filter(({ state }) => state === 'ready');
  const chosen = ready.find(({ file }) => file.includes('test')) ?? ready[0];
  if (!chosen) throw new Error(`there is no dataset below ${join(workspace, 'data')}`);
  return chosen.id;
}

/** Finished runs, the one that was asked for first. */
async function runsOf({ studio }: ServedStudio): Promise<string[]> {
  const finished = (await studio.runSummaries()).filter(({ hasModel, phase }) => hasModel && phase === 'instruct');
  const names = finished.map(({ name }) => name).sort();
  const first = options.run ?? names[0];
  if (first === undefined || !names.includes(first)) throw new Error(`there is no finished run ${first ?? ''}`);
  return [first, ...names.filter((name) => name !== first)];
}

type Chosen = Pick<ShownStudio, 'sample' | 'question'>;

/** A question of the batch that full and compressed answer differently; else any sample. */
async function disagreement({ studio: { batches } }: ServedStudio, id: string): Promise<Chosen> {
  const { rows } = await batches.detail(id, { offset: 0, limit: 1, filter: 'disagreements', setting: '1/8' });
  const [, sample] = /^s\.[0-9a-f]+\.(\d+)\./.exec(rows[0]?.media[0] ?? '') ?? [];
  if (!rows[0] || sample === undefined) return { sample: SAMPLE };
  return { sample: Number(sample), question: rows[0].question };
}

/** Asks a batch where none was asked yet. @returns its id */
async function askBatch({ studio: { batches } }: ServedStudio, dataset: string, run: string): Promise<string> {
  const known = batches.list().find(({ state }) => state === 'done');
  if (known) return known.id;
  await batches.add({ dataset, model: `runs/${run}/final`, seed: 0, maxTokens: 16, batchSize: 64, ...BATCH });
  const ended = await until(() => batches.list().find(({ state }) => state === 'done' || state === 'failed'), 900_000);
  if (ended.state === 'failed')
    throw new Error(`the batch failed: ${ended.failure?.details ?? ended.failure?.cause ?? ''}`);
  return ended.id;
}

/** With as many colours as keep the file small. */
async function compact(png: Buffer): Promise<Buffer> {
  let smallest = png;
  for (const colours of COLOURS) {
    smallest = await sharp(png).png({ palette: true, colours, effort: 10, dither: 0 }).toBuffer();
    if (smallest.length <= MOST_BYTES) break;
  }
  return smallest;
}

async function take(page: Page, screen: Screen, studio: ShownStudio, ending: string): Promise<void> {
  await screen.show(page, studio);
  await settled(page);
  for (const notice of await page.getByRole('button', { name: 'Dismiss' }).all()) await notice.click();
  // The pointer would leave its mark on what it rests on.
  await page.mouse.move(0, 0);
  await settled(page);
  const picture = await compact(await page.screenshot());
  const name = `${screen.name}-${ending}.png`;
  await writeFile(join(out, name), picture);
  console.log(`${name}: ${Math.ceil(picture.length / 1000)} kB`);
}

async function takeAll(
  browser: Browser,
  served: ServedStudio,
  screens: readonly Screen[],
  shown: ShownStudio,
): Promise<void> {
  for (const theme of THEMES) {
    for (const viewport of SIZES) {
      const context = await browser.newContext({ viewport, colorScheme: theme, reducedMotion: 'reduce' });
      const page = await context.newPage();
      await page.goto(served.newUrl());
      // Where the studio leads to by itself.
      await page.waitForURL(/#\/runs$/);
      for (const screen of screens) await take(page, screen, shown, `${theme}-${viewport.width}`);
      await context.close();
    }
  }
}

const originOf = ({ port }: ServedStudio): string => `http://127.0.0.1:${port}`;

async function takeFull(browser: Browser): Promise<void> {
  const served = await serve({ workspace, port: 0, host: '127.0.0.1' });
  try {
    const [dataset, runs] = [await datasetOf(served), await runsOf(served)];
    const chosen = await disagreement(served, await askBatch(served, dataset, runs[0] ?? ''));
    const shown = { origin: originOf(served), runs, dataset, ...chosen };
    await takeAll(browser, served, SCREENS.filter(isWanted), shown);
  } finally {
    await served.close();
  }
}

/** What is seen before there is anything. */
async function takeEmpty(browser: Browser): Promise<void> {
  const screens = EMPTY_SCREENS.filter(isWanted);
  if (screens.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'llavolta-empty-'));
  const served = await serve({ workspace: folder, port: 0, host: '127.0.0.1' });
  try {
    await takeAll(browser, served, screens, { origin: originOf(served), runs: [], dataset: '', sample: 0 });
  } finally {
    await served.close();
    process.chdir(PROJECT_FOLDER);
    await rm(folder, { recursive: true, force: true });
  }
}

await buildPage();
await mkdir(out, { recursive: true });
const browser = await launchChromium();
try {
  await takeFull(browser);
  await takeEmpty(browser);
} finally {
  await browser.close();
}
