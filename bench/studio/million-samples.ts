/** The samples of a dataset with very many records. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { frameTimes } from '../frame-times.ts';
import { enter, withPage } from './browser.ts';
import { writeConversations } from './conversations.ts';
import { familyOf, residentBytes } from './processes.ts';
import { dragFar, filled, foundSamples, show, turnWheel, typeSearch } from './sample-gestures.ts';
import { FRAME_HEAD, frameRow, shown, shownMegabytes, type Section } from './section.ts';
import { openSession } from './studio-client.ts';
import { startStudio, type RunningStudio } from './studio-process.ts';
import { importDataset } from './workspaces.ts';

const NEEDLE = 'needlework';
const PICTURE_EVERY = 4;
const REST_MS = 1000;

interface Measured {
  readonly rows: string[][];
  /** Milliseconds from resting at a far place to its samples. */
  readonly waits: number[];
  readonly searchMs: number;
}

async function measureRows(page: Page): Promise<Measured> {
  const rows: string[][] = [];
  const waits: number[] = [];
  const measure = async (what: string, act: () => Promise<unknown>): Promise<void> => {
    await page.waitForTimeout(REST_MS);
    rows.push(frameRow(what, await frameTimes(page, async () => void (await act()))));
  };
  for (const view of ['List', 'Grid'] as const) {
    const name = view.toLowerCase();
    await show(page, view);
    await measure(`${name}: the wheel`, () => turnWheel(page));
    await measure(`${name}: the scroll bar dragged to far places`, async () => waits.push(...(await dragFar(page))));
  }
  let begun = 0;
  await measure('a search is typed and goes through all texts', async () => {
    await typeSearch(page, NEEDLE);
    begun = performance.now();
    await foundSamples(page, 1);
  });
  return { rows, waits, searchMs: performance.now() - begun };
}

async function measureIn(studio: RunningStudio, file: string, records: number): Promise<Section> {
  const ask = await openSession(studio);
  const begun = performance.now();
  const dataset = await importDataset(ask, file);
  const importSeconds = (performance.now() - begun) / 1000;
  const { rows, waits, searchMs } = await withPage(async (page) => {
    await enter(page, studio);
    await page.goto(`${studio.origin}/#/data/${dataset}`);
    await filled(page);
    return measureRows(page);
  });
  const memory = shownMegabytes(residentBytes(familyOf(studio.pid)));
  const { size } = await stat(file);
  return {
    title: `Frames: a dataset of ${shown(records)} samples`,
    text:
      `Conversations of one turn, every ${PICTURE_EVERY}th with a picture, ${shownMegabytes(size)} MB. **Imported in ` +
      `${shown(importSeconds, 1)} s**, every record checked. A word that one sample has is found ${shown(searchMs / 1000, 1)} s after it ` +
      `was typed, all texts searched. At a far place the samples are there ${shown(Math.max(...waits))} ms after the ` +
      `scroll bar was let go, at most. The studio's processes take ${memory} MB.`,
    table: [FRAME_HEAD, ...rows],
  };
}

/** Writes the dataset into an empty workspace, imports it and looks through it. */
export async function measureMillionSamples(workspace: string, records: number): Promise<Section> {
  const folder = join(workspace, 'data', 'many');
  const file = join(folder, 'train.jsonl');
  await mkdir(folder, { recursive: true });
  await writeConversations(file, { records, pictureEvery: PICTURE_EVERY, needle: NEEDLE });
  const studio = await startStudio(workspace);
  try {
    return await measureIn(studio, file, records);
  } finally {
    await studio.stop();
  }
}
