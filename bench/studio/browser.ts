/** Chromium without a window, with a fresh profile. CHROMIUM names another program than /usr/bin/chromium. */
import { chromium, type Browser, type Page } from 'playwright-core';

const WAIT_MS = 60_000;

/** Drawn by the processor, so that the figures do not depend on a graphics card; scroll bars are there to be dragged. */
const OPTIONS = {
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
  ignoreDefaultArgs: ['--hide-scrollbars'],
};

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', ...OPTIONS });

export async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.setDefaultTimeout(WAIT_MS);
  return page;
}

/** Opens a browser for as long as something is done with its page. */
export async function withPage<T>(act: (page: Page) => Promise<T>): Promise<T> {
  const browser = await openBrowser();
  try {
    return await act(await openPage(browser));
  } finally {
    await browser.close();
  }
}

/** Enters a studio by its one-time address, and waits for the first screen: until then it leads there whatever is asked for. */
export async function enter(page: Page, { url }: { readonly url: string }): Promise<void> {
  await page.goto(url);
  await page.waitForURL(/#\/runs/);
  await page.locator('main').getByRole('button').first().waitFor();
}

/** Resolves when the browser has drawn what is there now. */
export const drawn = (page: Page): Promise<unknown> =>
  page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))');
