import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { studioEventSchema, type StudioEvent } from '../../../../src/shared/api/events.ts';
import { runDetailSchema, type RunSummary } from '../../../../src/shared/api/runs.ts';
import { serveForTest, until, type TestStudio } from '../../../helpers/served-studio.ts';
import { blockFile, noticesOf } from '../../../helpers/unwritable.ts';

const RECIPE = `name: quick
model: { from: tiny }
data: { train: data/train.jsonl }
optimizer: { lr: 1e-3, batchSize: 2, steps: 10 }
stages: [{ compression: 2/8 }]
stageDepth: 4
`;

const PATIENCE_MS = 120_000;
let open: TestStudio[] = [];
afterEach(async () => {
  const closing = open;
  open = [];
  for (const studio of closing) await studio.close();
}, PATIENCE_MS);

async function newStudio(workspace?: string): Promise<TestStudio> {
  const studio = await serveForTest(workspace);
  open.push(studio);
  return studio;
}

const add = (studio: TestStudio, more: object = {}): Promise<RunSummary> =>
  studio.json<RunSummary>('/runs', { yaml: RECIPE, ...more });
const runs = async (studio: TestStudio): Promise<RunSummary[]> =>
  (await studio.json<{ runs: RunSummary[] }>('/runs')).runs;
const stateOf = async (studio: TestStudio, name: string): Promise<string | undefined> =>
  (await runs(studio)).find((run) => run.name === name)?.state;

/** Reads the stream of events until `enough` of them have come. */
function readEvents(
  studio: TestStudio,
  enough: (events: readonly StudioEvent[]) => boolean,
  lastEventId?: string,
): Promise<{ events: StudioEvent[]; ids: number[] }> {
  return new Promise((resolve, reject) => {
    const headers = { cookie: studio.cookie, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
    const url = `http://127.0.0.1:${studio.served.port}/api/events`;
    const sent = get(url, { headers }, (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (chunk: string) => {
        text += chunk;
        const whole = text.slice(0, text.lastIndexOf('\n\n') + 1).split('\n');
        const events = whole
          .filter((line) => line.startsWith('data:'))
          .map((line) => studioEventSchema.parse(JSON.parse(line.slice(5))));
        const ids = whole.filter((line) => line.startsWith('id:')).map((line) => Number(line.slice(3)));
        if (!enough(events)) return;
        sent.destroy();
        resolve({ events, ids });
      });
    });
    sent.on('error', reject);
  });
}

it('trains one run at a time, in the order they were asked for', async () => {
  const studio = await newStudio();
  const seen: string[] = [];
  studio.served.studio.events.listen(({ event }) => {
    if (event.kind === 'job' && event.job.kind === 'train') seen.push(`${event.job.subject} ${event.job.state}`);
  });
  const names: string[] = [];
  for (let i = 0; i < 3; i++) names.push((await add(studio)).name);
  expect(names).toEqual(['quick', 'quick-2', 'quick-3']);
  expect(await stateOf(studio, 'quick-3')).toBe('queued');
  await until(async () => (await runs(studio)).every(({ state }) => state === 'finished'));
  // A run's file says that it is finished a moment before its process has ended.
  await until(() => Promise.resolve(seen.includes('quick-3 done')));
  const turns = seen.filter((one, i) => / (running|done)$/.test(one) && seen.indexOf(one) === i);
  expect(turns).toEqual(names.flatMap((name) => [`${name} running`, `${name} done`]));
  const [last] = await runs(studio);
  expect(last).toMatchObject({
    step: 10,
    totalSteps: 10,
    lastLoss: 0.1,
    depth: 4,
    stages: [{ share: 1, compression: '2/8' }],
  });
  expect(last?.losses).toHaveLength(10);
  expect(last?.compressionRatio).toBeGreaterThan(100);
});

it('refuses a wrong recipe at once, with its place, and a name that is taken', async () => {
  const studio = await newStudio();
  const wrong = await studio.ask('/api/runs', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ yaml: RECIPE.replace('1e-3', '-1') }),
  });
  expect(wrong.status).toBe(400);
  expect(JSON.parse(wrong.text)).toMatchObject({
    error: { problem: { field: 'optimizer.lr', file: 'recipe:4:18', value: -1 } },
  });
  await add(studio, { name: 'mine', start: false });
  await expect(add(studio, { name: 'mine' })).rejects.toThrow('409');
  await expect(add(studio, { name: '../evil' })).rejects.toThrow('400');
});

it('keeps a run that is not to be started yet, and starts it when told to', async () => {
  const studio = await newStudio();
  const { name, state, tags } = await add(studio, { start: false, tags: ['later'], title: 'My run' });
  expect({ state, tags }).toEqual({ state: 'queued', tags: ['later'] });
  const { recipeYaml } = runDetailSchema.parse(await studio.json(`/runs/${name}`));
  expect(recipeYaml).toBe(RECIPE);
  await studio.json(`/runs/${name}/actions`, { action: 'continue' });
  await until(async () => (await stateOf(studio, name)) === 'finished');
  const [run] = await runs(studio);
  expect(run).toMatchObject({ title: 'My run', tags: ['later'] });
});

it('pauses, goes on, stops and continues a run, and says what cannot be done', async () => {
  const studio = await newStudio();
  const { name } = await add(studio);
  const act = (action: string): Promise<RunSummary> => studio.json(`/runs/${name}/actions`, { action });
  await until(async () => (await stateOf(studio, name)) === 'running');
  await act('pause');
  await until(async () => (await stateOf(studio, name)) === 'paused');
  const paused = (await runs(studio))[0]?.step;
  await expect(studio.ask(`/api/runs/${name}`, { method: 'DELETE' })).resolves.toMatchObject({ status: 409 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await runs(studio))[0]?.step).toBe(paused);
  expect((await act('stop')).state).toBe('stopping');
  await until(async () => (await stateOf(studio, name)) === 'stopped');
  await expect(act('pause')).rejects.toThrow('is not in training');
  await act('continue');
  await until(async () => (await stateOf(studio, name)) === 'finished');
  await expect(act('continue')).rejects.toThrow('is finished');
  expect((await studio.ask(`/api/runs/${name}`, { method: 'DELETE' })).status).toBe(200);
  expect(existsSync(join(studio.workspace, 'runs', name))).toBe(false);
});

it('takes a training out of the queue', async () => {
  const studio = await newStudio();
  const first = await add(studio);
  const second = await add(studio);
  const { jobs } = await studio.json<{ jobs: { id: string; subject?: string; position?: number }[] }>('/jobs');
  const waiting = jobs.find(({ subject }) => subject === second.name);
  await studio.json(`/jobs/${waiting?.id}`, undefined, 'DELETE');
  await until(async () => (await stateOf(studio, first.name)) === 'finished');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await runs(studio)).toContainEqual(
    expect.objectContaining({ name: second.name, state: 'queued', reason: 'waits until it is started' }),
  );
  await studio.json(`/runs/${second.name}`, undefined, 'DELETE');
  expect((await runs(studio)).map(({ name }) => name)).toEqual([first.name]);
});

it('takes a training out of the queue, and says so where the queue cannot be written', async () => {
  const studio = await newStudio();
  const first = await add(studio);
  await until(async () => (await stateOf(studio, first.name)) === 'running');
  await studio.json(`/runs/${first.name}/actions`, { action: 'pause' });
  const second = await add(studio);
  const notices = noticesOf(studio.served.studio.events);
  const mend = blockFile(join(studio.workspace, '.llavolta', 'queue.json'));
  const job = studio.served.studio.board.list().find(({ subject }) => subject === second.name);
  await studio.json(`/jobs/${job?.id}`, undefined, 'DELETE');
  await until(() => notices.length > 0);
  expect(notices).toEqual([expect.stringMatching(/^quick-2: /)]);
  expect(studio.served.studio.board.list().find(({ id }) => id === job?.id)?.state).toBe('cancelled');
  mend();
});

it('trains one after the other also where the queue cannot be written, and says so', async () => {
  const studio = await newStudio();
  const first = await add(studio);
  await until(async () => (await stateOf(studio, first.name)) === 'running');
  await studio.json(`/runs/${first.name}/actions`, { action: 'pause' });
  const second = await add(studio);
  const notices = noticesOf(studio.served.studio.events);
  const mend = blockFile(join(studio.workspace, '.llavolta', 'queue.json'));
  await studio.json(`/runs/${first.name}/actions`, { action: 'resume' });
  await until(async () => (await stateOf(studio, second.name)) === 'finished');
  await until(() => !studio.served.studio.desk.isTraining);
  const states = studio.served.studio.board.list().map(({ subject, state }) => [subject, state]);
  expect(states).toEqual([first.name, second.name].map((name) => [name, 'done']));
  // The end of the first, and beginning and end of the second.
  expect(notices.map((text) => text.split(':')[0])).toEqual([first.name, second.name, second.name]);
  mend();
});

it('trains a run whose notes cannot be written, and says so', async () => {
  const studio = await newStudio();
  const notices = noticesOf(studio.served.studio.events);
  const folder = join(studio.workspace, 'runs', 'quick');
  studio.served.studio.events.listen(({ event }) => {
    if (event.kind !== 'job' || event.job.state !== 'running' || existsSync(folder)) return;
    // Before its engine comes to it: the run's folder, as that of a training that was begun.
    blockFile(join(folder, 'studio.json'));
    writeFileSync(join(folder, 'recipe.yaml'), RECIPE);
    writeFileSync(join(folder, 'run.json'), JSON.stringify({ progress: { step: 0 } }));
  });
  await add(studio);
  await until(() => notices.some((text) => /^quick: .*rename/.test(text)));
});

it('goes on by itself with a training that the end of the studio interrupted, and says so', async () => {
  const first = await newStudio();
  const { workspace } = first;
  const { name } = await add(first);
  await until(async () => (await stateOf(first, name)) === 'running');
  await first.json(`/runs/${name}/actions`, { action: 'pause' });
  open = [];
  await first.served.close();
  const record = JSON.parse(readFileSync(join(workspace, 'runs', name, 'run.json'), 'utf8')) as { state: string };
  expect(record.state).toBe('stopped');
  const second = await newStudio(workspace);
  const { events } = await readEvents(second, (heard) => heard.some(({ kind }) => kind === 'notice'));
  const notices = events.flatMap((event) => (event.kind === 'notice' ? [event.text] : []));
  expect(notices).toEqual([expect.stringMatching(/^quick was interrupted .* from its last checkpoint/)]);
  await until(async () => (await stateOf(second, name)) === 'finished');
  rmSync(workspace, { recursive: true, force: true });
});

it('tells a run whose engine died, and lets it be continued', async () => {
  const studio = await newStudio();
  const { name } = await add(studio);
  await until(async () => (await stateOf(studio, name)) === 'finished');
  const file = join(studio.workspace, 'runs', name, 'run.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...record, state: 'running' }));
  expect(await stateOf(studio, name)).toBe('interrupted');
  await studio.json(`/runs/${name}/actions`, { action: 'continue' });
  await until(async () => (await stateOf(studio, name)) === 'finished');
});

it('tells events in order and resumes behind the last one that was heard', async () => {
  const studio = await newStudio();
  const first = await readEvents(studio, (events) => events.length > 0);
  expect(first.events[0]).toMatchObject({ kind: 'snapshot', runs: [] });
  const hearing = readEvents(studio, (events) =>
    events.some((event) => event.kind === 'run' && event.run.state === 'finished'),
  );
  await add(studio);
  const heard = await hearing;
  expect(heard.ids).toEqual([...heard.ids].sort((a, b) => a - b));
  const rows = heard.events.flatMap((event) => (event.kind === 'metrics' ? event.rows : []));
  expect(rows.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const middle = heard.ids[Math.floor(heard.ids.length / 2)] ?? 0;
  const again = await readEvents(
    studio,
    (events) => events.some((event) => event.kind === 'run' && event.run.state === 'finished'),
    String(middle),
  );
  expect(again.ids[0]).toBe(middle + 1);
  expect(again.events[0]?.kind).not.toBe('snapshot');
  const stranger = await readEvents(studio, (events) => events.length > 0, '5');
  expect(stranger.events[0]).toMatchObject({ kind: 'snapshot', runs: [{ name: 'quick', state: 'finished' }] });
});

it('tells of runs that others write', async () => {
  const studio = await newStudio();
  const { name } = await add(studio);
  await until(async () => (await stateOf(studio, name)) === 'finished');
  const hearing = readEvents(studio, (events) =>
    events.some((event) => event.kind === 'run' && event.run.name === 'copied'),
  );
  const copy = join(studio.workspace, 'runs', 'copied');
  mkdirSync(copy);
  const source = join(studio.workspace, 'runs', name);
  for (const file of ['recipe.yaml', 'metrics.jsonl', 'run.json'])
    writeFileSync(join(copy, file), readFileSync(join(source, file)));
  await hearing;
  expect((await runs(studio)).map((run) => run.name).sort()).toEqual(['copied', name]);
});

it("renames, tags and notes a run without touching the engine's files", async () => {
  const studio = await newStudio();
  const { name } = await add(studio);
  await until(async () => (await stateOf(studio, name)) === 'finished');
  const record = readFileSync(join(studio.workspace, 'runs', name, 'run.json'), 'utf8');
  const changed = await studio.json<RunSummary>(`/runs/${name}`, { title: 'Best <b>', tags: ['a', 'b'] }, 'PATCH');
  expect(changed).toMatchObject({ title: 'Best <b>', tags: ['a', 'b'], note: '' });
  await studio.json(`/runs/${name}`, { note: 'kept' }, 'PATCH');
  expect((await runs(studio))[0]).toMatchObject({ title: 'Best <b>', tags: ['a', 'b'], note: 'kept' });
  expect(readFileSync(join(studio.workspace, 'runs', name, 'run.json'), 'utf8')).toBe(record);
});
