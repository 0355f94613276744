/** What the run screen of a training takes of the processors, beside the training itself. */
import type { Page } from 'playwright-core';
import { enter, withPage } from './browser.ts';
import { hover, openRun } from './chart-gestures.ts';
import { commandOf, familyOf, processorSeconds } from './processes.ts';
import { shown, type Section } from './section.ts';
import { openSession } from './studio-client.ts';
import { startReplayingStudio, type RunningStudio } from './studio-process.ts';
import { recipeText } from './training-overhead.ts';

const LOOK_MS = 20_000;
const SETTLE_MS = 5000;
const STEPS = 20_000;
const RUN = 'replayed';

/** Percent of a core. */
interface Taken {
  readonly browser: number;
  readonly studio: number;
}

/** The browser that this program started, in all of its processes. */
const browserSeconds = (): number =>
  familyOf(process.pid)
    .filter((pid) => /chrom/i.test(commandOf(pid)))
    .reduce((sum, pid) => sum + processorSeconds(pid), 0);

async function takenWhile({ pid }: RunningStudio, act: () => Promise<unknown>): Promise<Taken> {
  const [begun, browser, studio] = [performance.now(), browserSeconds(), processorSeconds(pid)];
  await act();
  const percent = 100_000 / (performance.now() - begun);
  return { browser: percent * (browserSeconds() - browser), studio: percent * (processorSeconds(pid) - studio) };
}

/** Goes on pointing at a chart for as long as nothing is done otherwise. */
async function pointing(page: Page): Promise<void> {
  const end = performance.now() + LOOK_MS;
  while (performance.now() < end) await hover(page);
}

async function measureWays(page: Page, studio: RunningStudio): Promise<[string, Taken][]> {
  const ask = await openSession(studio);
  const rest = (): Promise<void> => page.waitForTimeout(LOOK_MS);
  const ways: [string, Taken][] = [['an empty page, no training', await takenWhile(studio, rest)]];
  await ask('/runs', { yaml: recipeText(STEPS), name: RUN });
  await page.waitForTimeout(SETTLE_MS);
  ways.push(['an empty page, a training', await takenWhile(studio, rest)]);
  await enter(page, { url: await studio.newUrl() });
  await openRun(page, studio.origin, RUN);
  await page.waitForTimeout(SETTLE_MS);
  ways.push(['its run screen', await takenWhile(studio, rest)]);
  ways.push(['its run screen, somebody points at a chart', await takenWhile(studio, () => pointing(page))]);
  await ask(`/runs/${RUN}/actions`, { action: 'stop' });
  await page.waitForTimeout(SETTLE_MS);
  ways.push(['its run screen once it has ended', await takenWhile(studio, rest)]);
  return ways;
}

/** Follows a replayed training, which takes hardly any time of the processors by itself. */
export async function measureDrawing(workspace: string): Promise<Section> {
  const studio = await startReplayingStudio(workspace);
  try {
    const ways = await withPage((page) => measureWays(page, studio));
    return {
      title: 'What following a training takes',
      text:
        'Processor time of all of the browser’s processes, which draw without a graphics card at 1280 x 800, and of the ' +
        `studio’s own, over ${LOOK_MS / 1000} s each. The training is replayed: its rows come as from an engine, one every ` +
        '130 ms, without its load. These are seconds of the processors and not of the clock: other load on the machine ' +
        'changes them less.',
      table: [
        ['while there is', 'browser, % of a core', 'studio, % of a core'],
        ...ways.map(([name, { browser, studio: own }]) => [name, shown(browser, 1), shown(own, 1)]),
      ],
    };
  } finally {
    await studio.stop();
  }
}
