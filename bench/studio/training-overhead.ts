/**
 * What the studio costs a training: one training, beside which the studio and a browser with the run screen are halted, the
 * studio runs, and both run, again and again in short turns. Two trainings of the same steps differ by far more than is asked
 * for here, and so do times a minute apart: the machine itself is not steady for so long.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { enter, withPage } from './browser.ts';
import { openRun } from './chart-gestures.ts';
import { writeConversations } from './conversations.ts';
import { commandOf, familyOf, processorSeconds } from './processes.ts';
import { median, medianInterval, shown, type Section } from './section.ts';
import { openSession, until } from './studio-client.ts';
import { startStudio, type RunningStudio } from './studio-process.ts';

const SAMPLES = 2000;
const RUN = 'overhead';
const ENGINE = 'engine/entry';
const BROWSER = /chrom/i;
/** Functions are recorded in the first steps, and the page comes to rest meanwhile. */
const FIRST_STEPS = 100;
/** After each change, before steps count: what has waited for a halted process is dealt with then. */
const SETTLE_MS = 1500;
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

  /** @param onStart when there is a run to look at */
  async begin(onStart: (run: string) => Promise<void>): Promise<void> {
    const ask = await openSession(this.studio);
    await ask('/runs', { yaml: recipeText(1_000_000), name: RUN });
    await this.untilStep(1);
    await onStart(RUN);
    await this.untilStep(FIRST_STEPS);
  }

  /** One turn in which only these processes run beside the engine. */
  async beside({ studio, page }: Running): Promise<Turn> {
    const halted = [...(studio ? [] : this.studioProcesses()), ...(page ? [] : browserProcesses())];
    for (const pid of halted) process.kill(pid, 'SIGSTOP');
    try {
      return await this.turn();
    } finally {
      for (const pid of halted) process.kill(pid, 'SIGCONT');
    }
  }

  private studioProcesses(): number[] {
    return familyOf(this.studio.pid).filter((pid) => !commandOf(pid).includes(ENGINE));
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

/** What runs beside the engine. */
interface Running {
  readonly studio: boolean;
  readonly page: boolean;
}

const WAYS: readonly { readonly name: string; readonly running: Running }[] = [
  { name: 'nothing: studio and page are halted', running: { studio: false, page: false } },
  { name: 'the studio', running: { studio: true, page: false } },
  { name: 'the studio and a browser with its run screen', running: { studio: true, page: true } },
];

/** The middle of all rounds' ratios, with the interval that holds it in 95 of 100 such measurements. */
function ratioCells(turns: readonly Turn[], alone: readonly Turn[]): string[] {
  const ratios = turns.map(({ stepMs }, round) => stepMs / (alone[round]?.stepMs ?? NaN));
  const [low, high] = medianInterval(ratios);
  return [shown(median(ratios), 3), `${shown(low, 3)} to ${shown(high, 3)}`];
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

/** The processes of the browser that this program has started. */
const browserProcesses = (): number[] => familyOf(process.pid).filter((pid) => BROWSER.test(commandOf(pid)));

async function takeTurns(training: MeasuredTraining, rounds: number): Promise<Turn[][]> {
  const measured: Turn[][] = WAYS.map(() => []);
  for (let round = 0; round < rounds; round++) {
    // Each way comes first, second and last equally often.
    for (let turn = 0; turn < WAYS.length; turn++) {
      const way = (round + turn) % WAYS.length;
      measured[way]?.push(await training.beside(WAYS[way]!.running));
    }
  }
  return measured;
}

/** One training, `rounds` times `steps` steps in each of the three ways. */
export async function measureOverhead(workspace: string, steps: number, rounds: number): Promise<Section> {
  await mkdir(join(workspace, 'data', 'made-up'), { recursive: true });
  await writeConversations(join(workspace, 'data', 'made-up', 'train.jsonl'), { records: SAMPLES, pictureEvery: 1 });
  const studio = await startStudio(workspace);
  try {
    const measured = await withPage(async (page) => {
      const training = new MeasuredTraining(studio, workspace, steps);
      await enter(page, studio);
      await training.begin((run) => openRun(page, studio.origin, run));
      return takeTurns(training, rounds);
    });
    return section(measured, steps);
  } finally {
    await studio.stop();
  }
}

function section(measured: readonly (readonly Turn[])[], steps: number): Section {
  return {
    title: 'Training with the studio beside it',
    text:
      `One training of the tiny model (seed 7, batches of 16, uncompressed) on two cores, with a browser beside it that nobody acts on. In ` +
      `turns of ${steps} steps, ${measured[0]?.length ?? 0} of each, processes are halted by a signal; steps count ${SETTLE_MS / 1000} s after a ` +
      "change. A ratio is that of a turn's median step to that of the same round with everything halted. The page is drawn by the " +
      'processor, which takes time of the same cores as the training: on a machine with a graphics card, or with the browser ' +
      'elsewhere, it does not.',
    table: [
      [
        'what runs beside the training',
        'median step ms',
        'median ratio',
        '95 % interval of the median ratio',
        "studio's process, % of a core",
      ],
      ...rowsOf(measured),
    ],
  };
}
