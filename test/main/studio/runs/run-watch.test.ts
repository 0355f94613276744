import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { longRunPlan, longRunRecord } from '../../../../bench/long-run.ts';
import { EventHub } from '../../../../src/main/studio/events/event-hub.ts';
import { writeTextFile } from '../../../../src/main/studio/json-file.ts';
import { processStart } from '../../../../src/main/studio/runs/run-owner.ts';
import { RunStore } from '../../../../src/main/studio/runs/run-store.ts';
import { RunWatch } from '../../../../src/main/studio/runs/run-watch.ts';
import { workspaceOf } from '../../../../src/main/studio/workspace.ts';

/** Looks after which a run was looked at closely, whatever it seemed. */
const ALL_LOOKS = 15;
const PLAN = longRunPlan(100);
const own = new Set<string>();
let folder: string;
let store: RunStore;
let watch: RunWatch;
let told: string[];

const fileOf = (run: string, name: string): string => join(folder, 'runs', run, name);
const look = async (): Promise<string[]> => {
  told = [];
  await watch.check();
  return told;
};

function makeRun(name: string): void {
  mkdirSync(fileOf(name, ''), { recursive: true });
  writeFileSync(fileOf(name, 'run.json'), JSON.stringify(longRunRecord(name, PLAN, 'stopped')));
  writeFileSync(fileOf(name, 'metrics.jsonl'), '');
}

/** As a training of the command line does that holds the run. */
function hold(run: string): void {
  const { pid } = process;
  writeFileSync(fileOf(run, 'run.lock'), JSON.stringify({ pid, host: hostname(), processStart: processStart(pid) }));
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-run-watch-'));
  own.clear();
  for (const name of ['a', 'b', 'c']) makeRun(name);
  const events = new EventHub();
  events.listen(({ event }) => {
    if (event.kind === 'run') told.push(event.run.name);
    if (event.kind === 'run-removed') told.push(`- ${event.name}`);
  });
  store = new RunStore(workspaceOf(folder), () => ({}));
  watch = new RunWatch(store, events, (name) => own.has(name));
  await watch.open();
  watch.close();
  // The second look finds all at rest.
  await look();
});
afterEach(() => rmSync(folder, { recursive: true }));

it('tells of runs that come, change and go', async () => {
  expect(await look()).toEqual([]);
  makeRun('d');
  rmSync(fileOf('a', ''), { recursive: true });
  await writeTextFile(fileOf('b', 'studio.json'), '{ "tags": ["new"] }');
  expect((await look()).toSorted()).toEqual(['- a', 'b', 'd']);
  expect(await look()).toEqual([]);
});

it('tells of the rows of a run that another process trains', async () => {
  hold('b');
  expect(await look()).toEqual(['b']);
  // Twice, so that a look that found no change does not end it.
  expect(await look()).toEqual([]);
  expect(await look()).toEqual([]);
  appendFileSync(fileOf('b', 'metrics.jsonl'), '{}\n');
  expect(await look()).toEqual(['b']);
});

it('leaves what this studio trains to those who train it', async () => {
  own.add('b');
  hold('b');
  appendFileSync(fileOf('b', 'metrics.jsonl'), '{}\n');
  expect(await look()).toEqual([]);
});

it('looks closely at runs at rest now and then only', async () => {
  const signature = vi.spyOn(store, 'signature');
  for (let turn = 0; turn < ALL_LOOKS; turn++) await look();
  expect(signature.mock.calls.flat().toSorted()).toEqual(['a', 'b', 'c']);
});

it('finds in time what changed within a run that seemed to be at rest', async () => {
  const { atime, mtime } = { atime: new Date(0), mtime: new Date(0) };
  utimesSync(fileOf('c', ''), atime, mtime);
  await look();
  await look();
  // Nobody holds the run, and its folder does not change by it.
  appendFileSync(fileOf('c', 'metrics.jsonl'), '{}\n');
  const all: string[] = [];
  for (let turn = 0; turn < ALL_LOOKS; turn++) all.push(...(await look()));
  expect(all).toEqual(['c']);
});
