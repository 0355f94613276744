/** What the studio costs a training: the same steps from the terminal alone, and in the studio. */
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { enter, withPage } from './browser.ts';
import { openRun } from './chart-gestures.ts';
import { writeConversations } from './conversations.ts';
import { processorSeconds } from './processes.ts';
import { median, shown, type Section } from './section.ts';
import { openSession, until } from './studio-client.ts';
import { startStudio, startTerminalProgram, type RunningStudio } from './studio-process.ts';

/** Steps that are left out: functions are recorded in the first ones. */
const FIRST_STEPS = 20;
const SAMPLES = 2000;
const RECIPE_FILE = 'overhead.yaml';

/** A recipe of the tiny model on the made-up dataset. */
export const recipeText = (steps: number): string => `name: overhead
seed: 7
model: { from: tiny }
data: { train: data/made-up/train.jsonl }
train: { parts: full, visionTower: frozen, cacheFeatures: true }
optimizer: { lr: 1e-3, batchSize: 16, steps: ${steps} }
checkpoint: { every: ${steps}, keep: 1 }
scheme: reproduce
`;

interface Training {
  /** Median of the steps' milliseconds. */
  readonly stepMs: number;
  /** Part of a processor's time that the studio's own process took meanwhile. */
  readonly ownShare?: number;
}

const stateSchema = z.object({ state: z.string() });
const rowSchema = z.object({ stepMs: z.number() });

async function stepMsOf(workspace: string, run: string): Promise<number> {
  const lines = (await readFile(join(workspace, 'runs', run, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return median(lines.slice(FIRST_STEPS).map((line) => rowSchema.parse(JSON.parse(line)).stepMs));
}

async function trainAlone(workspace: string, run: string): Promise<Training> {
  const child = startTerminalProgram(['train', RECIPE_FILE, '--run', run], workspace);
  let said = '';
  child.stdout.resume();
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`The training ended with ${code}. ${said}`);
  return { stepMs: await stepMsOf(workspace, run) };
}

async function stateOf(workspace: string, run: string): Promise<string | undefined> {
  const text = await readFile(join(workspace, 'runs', run, 'run.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : stateSchema.parse(JSON.parse(text)).state;
}

async function untilFinished(workspace: string, run: string): Promise<void> {
  await until(async () => {
    const state = await stateOf(workspace, run);
    if (state === 'failed') throw new Error(`The training ${run} failed`);
    return state === 'finished' ? true : undefined;
  }, `the end of ${run}`);
}

/** From the first recorded step to the last. */
async function follow(studio: RunningStudio, workspace: string, run: string): Promise<Training> {
  await until(
    async () => ((await stateOf(workspace, run)) === 'running' ? true : undefined),
    `the first step of ${run}`,
  );
  const [begun, taken] = [performance.now(), processorSeconds(studio.pid)];
  await untilFinished(workspace, run);
  const ownShare = (1000 * (processorSeconds(studio.pid) - taken)) / (performance.now() - begun);
  return { stepMs: await stepMsOf(workspace, run), ownShare };
}

async function trainInStudio(workspace: string, run: string, isShown: boolean): Promise<Training> {
  const studio = await startStudio(workspace);
  try {
    const ask = await openSession(studio);
    await ask('/runs', { yaml: await readFile(join(workspace, RECIPE_FILE), 'utf8'), name: run });
    if (!isShown) return await follow(studio, workspace, run);
    return await withPage(async (page) => {
      await enter(page, studio);
      await openRun(page, studio.origin, run);
      return follow(studio, workspace, run);
    });
  } finally {
    await studio.stop();
  }
}

const WAYS = [
  { name: '`llavolta train` alone', train: trainAlone },
  { name: 'in the studio, no page open', train: (folder: string, run: string) => trainInStudio(folder, run, false) },
  {
    name: 'in the studio, its run screen open',
    train: (folder: string, run: string) => trainInStudio(folder, run, true),
  },
] as const;

function rowsOf(measured: readonly (readonly Training[])[]): string[][] {
  const smallest = measured.map((rounds) => Math.min(...rounds.map(({ stepMs }) => stepMs)));
  return WAYS.map(({ name }, way) => {
    const rounds = measured[way] ?? [];
    const shares = rounds.flatMap(({ ownShare }) => ownShare ?? []);
    return [
      name,
      rounds.map(({ stepMs }) => shown(stepMs, 1)).join(', '),
      shown(smallest[way] ?? NaN, 1),
      shown((smallest[way] ?? NaN) / (smallest[0] ?? NaN), 3),
      shares.length === 0 ? '' : shown(100 * Math.min(...shares), 1),
    ];
  });
}

/** Trains the same steps in three ways, in turns, so many rounds. */
export async function measureOverhead(workspace: string, steps: number, rounds: number): Promise<Section> {
  await mkdir(join(workspace, 'data', 'made-up'), { recursive: true });
  await writeConversations(join(workspace, 'data', 'made-up', 'train.jsonl'), { records: SAMPLES, pictureEvery: 1 });
  await writeFile(join(workspace, RECIPE_FILE), recipeText(steps));
  const measured: Training[][] = WAYS.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [way, { train }] of WAYS.entries())
      measured[way]?.push(await train(workspace, `way-${way}-round-${round}`));
  }
  return {
    title: 'Training with the studio beside it',
    text:
      `The same ${steps} steps of the tiny model (seed 7, batches of 16, uncompressed) in three ways, in turns, ${rounds} rounds; ` +
      `medians of the steps after the first ${FIRST_STEPS}. The ratio is that of the smallest medians to training alone. The page is ` +
      'drawn by the processor, in a browser that takes time of the same cores as the training: on a machine with a graphics ' +
      'card, or with the browser elsewhere, it does not.',
    table: [['way', 'medians ms', 'smallest ms', 'ratio', "studio's own process, % of a core"], ...rowsOf(measured)],
  };
}
