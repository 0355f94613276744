/**
 * What the studio costs a training: one training, beside which the studio is halted, runs, and runs with the run screen open,
 * again and again in turns. Two trainings of the same steps differ by more than is asked for here; turns of one do not.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { enter, withPage } from './browser.ts';
import { openRun } from './chart-gestures.ts';
import { writeConversations } from './conversations.ts';
import { commandOf, familyOf, processorSeconds } from './processes.ts';
import { median, shown, type Section } from './section.ts';
import { openSession, until } from './studio-client.ts';
import { startStudio, type RunningStudio } from './studio-process.ts';

const SAMPLES = 2000;
const RUN = 'overhead';
const ENGINE = 'engine/entry';
/** Functions are recorded in the first steps. */
const FIRST_STEPS = 40;
/** After each change, before steps count: a browser has ended or a page has come to rest. */
const SETTLE_MS = 4000;
const NEWLINE = 0x0a;

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

const rowSchema = z.object({ stepMs: z.number() });

/** One turn: its steps' median, and the part of a processor's time that the studio's own process took. */
interface Turn {
  readonly stepMs: number;
  readonly ownShare: number;
}

/** The training that is measured, while it goes on. */
class MeasuredTraining {
  private readonly studio: RunningStudio;
  private readonly file: string;
  private readonly steps: number;

  constructor(studio: RunningStudio, workspace: string, steps: number) {
    this.studio = studio;
    this.file = join(workspace, 'runs', RUN, 'metrics.jsonl');
    this.steps = steps;
  }

  async begin(): Promise<void> {
    const ask = await openSession(this.studio);
    await ask('/runs', { yaml: recipeText(1_000_000), name: RUN });
    await this.untilStep(FIRST_STEPS);
  }

  /** The studio is halted: nothing but the engine runs. */
  async alone(): Promise<Turn> {
    const family = familyOf(this.studio.pid).filter((pid) => !commandOf(pid).includes(ENGINE));
    for (const pid of family) process.kill(pid, 'SIGSTOP');
    try {
      return await this.turn();
    } finally {
      for (const pid of family) process.kill(pid, 'SIGCONT');
    }
  }

  inStudio(): Promise<Turn> {
    return this.turn();
  }

  async onScreen(): Promise<Turn> {
    const url = await this.studio.newUrl();
    return withPage(async (page) => {
      await enter(page, { url });
      await openRun(page, this.studio.origin, RUN);
      return this.turn();
    });
  }

  private async turn(): Promise<Turn> {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const first = await this.stepsDone();
    const [begun, taken] = [performance.now(), processorSeconds(this.studio.pid)];
    await this.untilStep(first + this.steps);
    const ownShare = (1000 * (processorSeconds(this.studio.pid) - taken)) / (performance.now() - begun);
    const lines = (await this.rows())
      .toString()
      .split('\n')
      .slice(first, first + this.steps);
    return { stepMs: median(lines.map((line) => rowSchema.parse(JSON.parse(line)).stepMs)), ownShare };
  }

  private async untilStep(step: number): Promise<void> {
    await until(async () => ((await this.stepsDone()) >= step ? true : undefined), `step ${step}`);
  }

  /** Rows that are whole. They are counted and not read: this program must not take time of the processors itself. */
  private async stepsDone(): Promise<number> {
    let count = 0;
    for (const byte of await this.rows()) if (byte === NEWLINE) count += 1;
    return count;
  }

  /** Empty before the run has begun. */
  private rows(): Promise<Buffer> {
    return readFile(this.file).catch(() => Buffer.alloc(0));
  }
}

const WAYS = [
  { name: 'the studio halted', take: (training: MeasuredTraining) => training.alone() },
  { name: 'the studio, no page open', take: (training: MeasuredTraining) => training.inStudio() },
  { name: 'the studio, the run screen open', take: (training: MeasuredTraining) => training.onScreen() },
] as const;

/** By how many percent the middle of all rounds' ratios is above 1, and where the middle half of them lies. */
function ratioCells(turns: readonly Turn[], alone: readonly Turn[]): string[] {
  const ratios = turns.map(({ stepMs }, round) => stepMs / (alone[round]?.stepMs ?? NaN)).toSorted((a, b) => a - b);
  const half = Math.floor(ratios.length / 2);
  const [low, high] = [ratios.slice(0, Math.max(1, half)), ratios.slice(-Math.max(1, half))];
  return [shown(median(ratios), 3), `${shown(median(low), 3)} to ${shown(median(high), 3)}`];
}

function rowsOf(measured: readonly (readonly Turn[])[]): string[][] {
  const alone = measured[0] ?? [];
  return WAYS.map(({ name }, way) => {
    const turns = measured[way] ?? [];
    return [
      name,
      shown(median(turns.map(({ stepMs }) => stepMs)), 1),
      ...ratioCells(turns, alone),
      shown(100 * median(turns.map(({ ownShare }) => ownShare)), 1),
    ];
  });
}

/** One training, `rounds` times `steps` steps in each of the three ways. */
export async function measureOverhead(workspace: string, steps: number, rounds: number): Promise<Section> {
  await mkdir(join(workspace, 'data', 'made-up'), { recursive: true });
  await writeConversations(join(workspace, 'data', 'made-up', 'train.jsonl'), { records: SAMPLES, pictureEvery: 1 });
  const studio = await startStudio(workspace);
  const measured: Turn[][] = WAYS.map(() => []);
  try {
    const training = new MeasuredTraining(studio, workspace, steps);
    await training.begin();
    for (let round = 0; round < rounds; round++) {
      // Each way comes first, second and last equally often.
      for (let turn = 0; turn < WAYS.length; turn++) {
        const way = (round + turn) % WAYS.length;
        const taken = await WAYS[way]?.take(training);
        if (taken) measured[way]?.push(taken);
      }
    }
  } finally {
    await studio.stop();
  }
  return {
    title: 'Training with the studio beside it',
    text:
      `One training of the tiny model (seed 7, batches of 16, uncompressed). Beside it the studio is halted, runs without a page, and ` +
      `runs with the run screen open, in turns of ${steps} steps, ${rounds} of each; steps count ${SETTLE_MS / 1000} s after a change. ` +
      "A ratio is that of a turn's median step to the halted one's of the same round. The page is drawn by the processor, in a " +
      'browser that takes time of the same cores as the training: on a machine with a graphics card, or with the browser ' +
      'elsewhere, it does not.',
    table: [
      [
        'beside the training',
        'median step ms',
        'median ratio',
        'middle half of the ratios',
        "studio's process, % of a core",
      ],
      ...rowsOf(measured),
    ],
  };
}
