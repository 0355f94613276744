/** Every screen of the studio and the way to it, for tests and pictures of all of them. */
import type { Page } from 'playwright-core';
import { z } from 'zod';

/** What a studio's screens show. */
export interface ShownStudio {
  /** Its address, without a slash at the end. */
  readonly origin: string;
  /** Finished runs, the first one looked at closely, all of them in the overlay. */
  readonly runs: readonly string[];
  /** Dataset and sample of it that are looked at and asked about. */
  readonly dataset: string;
  readonly sample: number;
  /** A further question in place of the sample's own. */
  readonly question?: string;
}

export interface Screen {
  readonly name: string;
  show(page: Page, studio: ShownStudio): Promise<void>;
}

const PATIENCE_MS = 60_000;
/** An engine starts, beside whatever else the machine does. */
const MEASURING_MS = 300_000;
const LOOK_MS = 100;
const CLOSE_MS = 3000;
/** Charts draw and panels fade in this time. */
const SETTLE_MS = 400;

// Text, as it runs in the page, whose names this program does not know.
const IS_BUSY = `(() => {
  const busy = document.querySelector('[aria-busy="true"], [role="progressbar"]:not([aria-valuenow])');
  const isFar = (box) => box.top > innerHeight || box.bottom < 0;
  return busy !== null || ![...document.images].every((image) => image.complete || isFar(image.getBoundingClientRect()));
})()`;

/** Waits until the page shows what it fetches. @throws after a minute */
export async function settled(page: Page): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (z.boolean().parse(await page.evaluate(IS_BUSY))) {
    if (Date.now() > end) throw new Error(`the page is still busy: ${page.url()}`);
    await page.waitForTimeout(LOOK_MS);
  }
  await page.waitForTimeout(SETTLE_MS);
}

/** Escape closes what lies over the page: first a hint that is shown, then the dialog. */
async function closeDialog(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog');
  for (let tries = 0; tries < 3 && (await dialog.count()) > 0; tries++) {
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached', timeout: CLOSE_MS }).catch(() => undefined);
  }
  if ((await dialog.count()) > 0) throw new Error('Escape does not close the dialog');
}

async function go(page: Page, { origin }: ShownStudio, path: string): Promise<void> {
  await closeDialog(page);
  await page.goto(`${origin}/#${path}`);
}

const sampleQuery = ({ dataset, sample }: ShownStudio): string => `dataset=${dataset}&sample=${sample}`;
const firstRun = ({ runs: [first = ''] }: ShownStudio): string => encodeURIComponent(first);

/** A tab of the first run. */
const runPart = (name: string, tab: string, label: RegExp): Screen => ({
  name,
  async show(page, studio) {
    await go(page, studio, `/runs/${firstRun(studio)}?tab=${tab}`);
    await page.getByRole('tab', { name: label, selected: true }).waitFor();
  },
});

/** Opens a question of the history, or writes it. */
async function takeQuestion(page: Page, question: string): Promise<void> {
  const asked = page.getByRole('region', { name: 'History' }).getByRole('button').filter({ hasText: question });
  if ((await asked.count()) > 0) await asked.first().click();
  else await page.getByLabel('Question', { exact: true }).fill(question);
}

/** Asks what the sample asks, unless it was asked before. */
async function showAnswers(page: Page, studio: ShownStudio): Promise<void> {
  const model = encodeURIComponent(`runs/${studio.runs[0] ?? ''}/final`);
  await go(page, studio, `/compare?model=${model}&${sampleQuery(studio)}`);
  await page.getByRole('article', { name: 'Pane A' }).waitFor();
  await settled(page);
  if (studio.question !== undefined) await takeQuestion(page, studio.question);
  const ask = page.getByRole('button', { name: 'Ask', exact: true });
  if ((await page.getByText('Not asked yet.').count()) > 0) await ask.click();
  for (const pane of await page.getByRole('article').all()) {
    await pane.getByRole('table', { name: 'What the answer took' }).waitFor({ timeout: PATIENCE_MS });
  }
}

const open = (name: string, path: string, wait: (page: Page) => Promise<void>): Screen => ({
  name,
  async show(page, studio) {
    await go(page, studio, path);
    await wait(page);
  },
});

const RUNS: readonly Screen[] = [
  open('runs', '/runs', (page) => page.getByRole('table', { name: 'Runs' }).waitFor()),
  {
    name: 'run',
    async show(page, studio) {
      await go(page, studio, `/runs/${firstRun(studio)}`);
      await page.locator('section[aria-label="Loss"] canvas').waitFor();
    },
  },
  runPart('run-checkpoints', 'models', /^Checkpoints/),
  runPart('run-costs', 'costs', /^Costs/),
  runPart('run-log', 'log', /^Log/),
  runPart('run-setup', 'setup', /^Setup/),
  {
    name: 'overlay',
    async show(page, studio) {
      await go(page, studio, `/runs/compare?runs=${studio.runs.map(encodeURIComponent).join(',')}`);
      await page.getByRole('heading', { name: 'Where the recipes differ' }).waitFor();
      await page.getByRole('switch', { name: 'Log axis' }).click();
    },
  },
];

const DATA: readonly Screen[] = [
  open('data', '/data', (page) => page.getByRole('list', { name: 'Datasets' }).waitFor()),
  open('data-import', '/data', async (page) => {
    await page.getByRole('button', { name: 'Import…' }).click();
    await page.getByRole('dialog').waitFor();
  }),
  {
    name: 'dataset',
    async show(page, studio) {
      await go(page, studio, `/data/${studio.dataset}`);
      await page.getByRole('region', { name: 'Samples' }).waitFor();
    },
  },
  {
    name: 'sample',
    async show(page, studio) {
      await go(page, studio, `/data/${studio.dataset}?sample=${studio.sample}`);
      await page.getByRole('tab', { name: 'Conversation' }).waitFor();
    },
  },
  {
    name: 'sample-tokens',
    async show(page, studio) {
      await go(page, studio, `/data/${studio.dataset}?sample=${studio.sample}`);
      await page.getByRole('tab', { name: 'Tokens' }).click();
      await page.getByText(/text tokens, .* of them learnt/).waitFor();
    },
  },
  {
    name: 'validation',
    async show(page, studio) {
      await go(page, studio, `/data/${studio.dataset}`);
      await page.getByRole('tab', { name: /^Validation/ }).click();
    },
  },
];

const TRAIN: readonly Screen[] = [
  {
    name: 'train',
    async show(page, studio) {
      await go(page, studio, `/train?from=${firstRun(studio)}`);
      await page.getByRole('button', { name: 'Start from…' }).waitFor();
    },
  },
  open('train-recipe-file', '/train', (page) => page.getByText('Recipe file', { exact: true }).click()),
  open('train-start-from', '/train', async (page) => {
    await page.getByRole('button', { name: 'Start from…' }).click();
    await page.getByRole('dialog').waitFor();
  }),
];

const COMPARE: readonly Screen[] = [
  { name: 'compare', show: showAnswers },
  open('compare-sample', '/compare', async (page) => {
    await page.getByRole('button', { name: 'From data…' }).click();
    await page.getByRole('dialog').getByRole('listitem').first().waitFor();
  }),
  open('batch', '/compare', async (page) => {
    await page.getByRole('tab', { name: 'Batch' }).click();
    await page.getByRole('button', { name: /^All \d/ }).click();
    await page.getByRole('table', { name: 'Questions and answers' }).waitFor();
  }),
];

const STUDY: readonly Screen[] = [
  open('study-redundancy', '/study/redundancy', async (page) => {
    await page.getByRole('region', { name: 'Heat map' }).waitFor();
    await page.locator('section[aria-label="Curves"] canvas').waitFor();
  }),
  open('study-attention', '/study/attention', async (page) => {
    const measure = page.getByRole('button', { name: 'Measure', exact: true });
    await measure.waitFor();
    if ((await page.getByText('Nothing measured yet').count()) > 0) await measure.click();
    await page.getByRole('region', { name: 'Attention of every layer' }).waitFor({ timeout: MEASURING_MS });
  }),
  open('study-budget', '/study/budget', (page) => page.getByRole('region', { name: 'One point K/S' }).waitFor()),
  open('study-experiments', '/study/experiments', async (page) => {
    const first = page.getByRole('navigation', { name: 'Experiments' }).locator('[aria-current="page"] .name');
    await page.getByRole('heading', { name: (await first.textContent()) ?? '', level: 2 }).waitFor();
  }),
];

const ANYWHERE: readonly Screen[] = [
  open('engine', '/engine', (page) =>
    page.getByRole('heading', { name: /The engine/ }).waitFor({ timeout: PATIENCE_MS }),
  ),
  open('command-palette', '/runs', async (page) => {
    await page.getByRole('table', { name: 'Runs' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('listbox', { name: 'Commands' }).waitFor();
  }),
  open('shortcuts', '/runs', async (page) => {
    await page.getByRole('table', { name: 'Runs' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  }),
];

/** The screens of a studio that has runs, data, a batch of questions and a study. */
export const SCREENS: readonly Screen[] = [...RUNS, ...DATA, ...TRAIN, ...COMPARE, ...STUDY, ...ANYWHERE];

/** What an empty workspace shows, screen by screen. */
export const EMPTY_SCREENS: readonly Screen[] = [
  open('first-start', '/runs', (page) => page.getByRole('button', { name: 'Start the demo' }).waitFor()),
  open('data-empty', '/data', (page) => page.getByText('No dataset yet').waitFor()),
  open('train-empty', '/train', (page) => page.getByRole('button', { name: 'Start from…' }).waitFor()),
  open('study-empty', '/study', (page) => page.getByText('No model to study yet').waitFor()),
  open('study-attention-empty', '/study/attention', (page) => page.getByText('No model to measure yet').waitFor()),
  open('compare-empty', '/compare', (page) => page.getByText('No model to ask yet').waitFor()),
];
