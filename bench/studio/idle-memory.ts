/** Memory and processor time of a studio that nobody uses. */
import { familyOf, processorSeconds, residentBytes } from './processes.ts';
import { shown, shownMegabytes, type Section } from './section.ts';
import { startStudio, type RunningStudio } from './studio-process.ts';
import { FULL_RUNS, FULL_SAMPLES, FULL_STEPS } from './workspaces.ts';

/** Looked at so long after the start; processor time is counted from the second third on. */
const REST_MS = 30_000;
const COUNTED_MS = (2 * REST_MS) / 3;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function rowOf(name: string, { pid }: RunningStudio, takenBefore: number): string[] {
  const family = familyOf(pid);
  const share = (1000 * (processorSeconds(pid) - takenBefore)) / COUNTED_MS;
  return [name, shown(family.length), shownMegabytes(residentBytes(family)), shown(100 * share, 1)];
}

/** Looks at two studios half a minute after their start. */
export async function measureIdleMemory(empty: string, full: string): Promise<Section> {
  const studios: RunningStudio[] = [];
  try {
    for (const workspace of [empty, full]) studios.push(await startStudio(workspace));
    await pause(REST_MS - COUNTED_MS);
    const taken = studios.map(({ pid }) => processorSeconds(pid));
    await pause(COUNTED_MS);
    const inFull = `full: ${FULL_RUNS} runs of ${shown(FULL_STEPS)} steps, a dataset of ${shown(FULL_SAMPLES)} samples`;
    const rows = studios.map((studio, i) => rowOf(i === 0 ? 'empty' : inFull, studio, taken[i] ?? 0));
    return {
      title: 'At rest',
      text: `All of the studio's processes, without a browser, ${REST_MS / 1000} s after its start.`,
      table: [['workspace', 'processes', 'resident MB', '% of a core'], ...rows],
    };
  } finally {
    for (const studio of studios) await studio.stop();
  }
}
