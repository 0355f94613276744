/** How long the studio takes from its start to a page that can be used. */
import type { Browser } from 'playwright-core';
import { drawn, openBrowser, openPage } from './browser.ts';
import { median, shown, type Section } from './section.ts';
import { startStudio } from './studio-process.ts';
import { FULL_RUNS } from './workspaces.ts';

const ROUNDS = 3;
/** What says on the first screen that it can be used. */
const READY = { empty: 'button:has-text("Start the demo")', full: 'table[aria-label="Runs"] tbody tr' } as const;

interface Start {
  /** Milliseconds until the address is printed. */
  readonly address: number;
  /** Milliseconds until the first screen is drawn with all that is on it. */
  readonly usable: number;
}

async function startOnce(browser: Browser, workspace: string, ready: string): Promise<Start> {
  const page = await openPage(browser);
  const studio = await startStudio(workspace);
  try {
    const address = performance.now() - studio.startedAt;
    await page.goto(studio.url, { waitUntil: 'commit' });
    await page.locator(ready).first().waitFor();
    await drawn(page);
    const usable = performance.now() - studio.startedAt;
    // It answers: another screen opens.
    await page.getByRole('navigation', { name: 'Screens' }).getByText('Train', { exact: true }).click();
    await page.waitForURL(/#\/train/);
    return { address, usable };
  } finally {
    await page.close();
    await studio.stop();
  }
}

const seconds = (values: readonly number[]): string[] => [
  shown(Math.min(...values) / 1000, 2),
  shown(median(values) / 1000, 2),
];

/** Starts the studio three times in each of two workspaces. */
export async function measureColdStart(empty: string, full: string): Promise<Section> {
  const browser = await openBrowser();
  const rows: string[][] = [];
  try {
    for (const [name, workspace] of Object.entries({ empty, full })) {
      const starts: Start[] = [];
      for (let round = 0; round < ROUNDS; round++)
        starts.push(await startOnce(browser, workspace, READY[name as keyof typeof READY]));
      rows.push([`${name}: its address is printed`, ...seconds(starts.map(({ address }) => address))]);
      rows.push([`${name}: its first screen can be used`, ...seconds(starts.map(({ usable }) => usable))]);
    }
  } finally {
    await browser.close();
  }
  return {
    title: 'Start',
    text:
      `Seconds from the start of the process \`llavolta studio\` (from the sources, pages built), ${ROUNDS} times each. The ` +
      `browser is open already. Full: ${FULL_RUNS} runs and a dataset.`,
    table: [['workspace', 'smallest s', 'median s'], ...rows],
  };
}
