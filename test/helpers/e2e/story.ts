/** A story in steps: one studio, one browser, and every step a test of its own, so that a failure names it. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPage } from './built-page.ts';
import { BROWSER_OBSTACLE, launchChromium } from './chromium.ts';
import { PageWatch } from './page-watch.ts';
import { StudioProcess } from './studio-process.ts';

/** Generous: two engines may share two cores. */
const STEP_TIMEOUT_MS = 120_000;
/** For whatever the page does by itself or asks the studio for. */
const PAGE_TIMEOUT_MS = 20_000;

export interface Step {
  (name: string, body: () => Promise<void>, timeoutMs?: number): void;
}

/** Where a story happens. What it holds is there once its first step begins. */
export class Scene {
  workspace = '';
  private started: StudioProcess | undefined;
  private shown: { readonly browser: Browser; readonly page: Page } | undefined;
  readonly watch = new PageWatch();

  get studio(): StudioProcess {
    if (!this.started) throw new Error('the studio is started');
    return this.started;
  }

  get page(): Page {
    if (!this.shown) throw new Error('the page is open');
    return this.shown.page;
  }

  get browser(): Browser {
    if (!this.shown) throw new Error('the browser is open');
    return this.shown.browser;
  }

  /** Sends what the page itself could, in its session. @throws where it is refused */
  send = async (path: string, body: unknown): Promise<void> => {
    const refusal = await this.page.evaluate(
      async ([address, text]) => {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(address, { method: 'POST', headers, body: text });
        return answer.ok ? undefined : answer.text();
      },
      [path, JSON.stringify(body)] as const,
    );
    if (refusal !== undefined) throw new Error(`${path}: ${refusal}`);
  };

  async open(prepare: (workspace: string) => Promise<void>): Promise<void> {
    await buildPage();
    this.workspace = realpathSync(mkdtempSync(join(tmpdir(), 'llavolta-e2e-')));
    await prepare(this.workspace);
    this.started = await StudioProcess.start(this.workspace);
    const browser = await launchChromium();
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true });
    context.setDefaultTimeout(PAGE_TIMEOUT_MS);
    this.shown = { browser, page: await context.newPage() };
    await this.watch.attach(this.page);
  }

  /** Starts a studio on the same workspace again. */
  async restart(): Promise<void> {
    this.started = await StudioProcess.start(this.workspace);
  }

  async close(): Promise<void> {
    await this.shown?.browser.close();
    await this.started?.stop();
    if (this.workspace !== '') rmSync(this.workspace, { recursive: true, force: true });
  }

  /** Keeps what the page shows, for whoever looks into a failure. */
  async keepPicture(name: string): Promise<string> {
    const path = join(tmpdir(), `${basename(this.workspace)}-${name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 60)}.png`);
    await this.page.screenshot({ path });
    return path;
  }
}

/**
 * Tells a story. Once a step fails, those behind it are skipped: they would fail for its sake.
 *
 * @param prepare fills the workspace before the studio is started in it
 */
export function story(
  title: string,
  prepare: (workspace: string) => Promise<void>,
  tell: (step: Step, scene: Scene) => void,
): void {
  if (BROWSER_OBSTACLE !== undefined) console.warn(`Skipped: ${title}. In short: ${BROWSER_OBSTACLE}.`);
  const suffix = BROWSER_OBSTACLE === undefined ? '' : ` (skipped: ${BROWSER_OBSTACLE})`;
  describe.skipIf(BROWSER_OBSTACLE !== undefined)(`${title}${suffix}`, () => {
    const scene = new Scene();
    let failed: string | undefined;
    beforeAll(() => scene.open(prepare), 5 * STEP_TIMEOUT_MS);
    afterAll(() => scene.close(), 2 * STEP_TIMEOUT_MS);
    const step: Step = (name, body, timeoutMs = STEP_TIMEOUT_MS) => {
      it(
        name,
        async ({ skip }) => {
          skip(failed !== undefined, `“${failed ?? ''}” failed`);
          failed = name;
          try {
            await body();
            expect(scene.watch.take()).toEqual([]);
            failed = undefined;
          } catch (error) {
            console.error(`The page then: ${await scene.keepPicture(name)}\n${scene.watch.take().join('\n')}`);
            throw error;
          }
        },
        timeoutMs,
      );
    };
    tell(step, scene);
  });
}
