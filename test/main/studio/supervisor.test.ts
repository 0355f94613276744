import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../../src/shared/random.ts';
import { runOwnerSchema, runRecordSchema, type RunRecord } from '../../../src/shared/run-record.ts';
import { ENGINE_EXEC_ARGV } from '../../../src/main/studio/engine-environment.ts';
import { MAX_CRASHES } from '../../../src/main/studio/supervisor.ts';
import { fingerprint, newRun, resumedRun, runEngine, writeRecipe } from '../../helpers/engine-runs.ts';
import { tinyDataset } from '../../helpers/tiny-dataset.ts';

const CLI = fileURLToPath(new URL('../../../src/main/cli.ts', import.meta.url));
const testEngine = (name: string): string =>
  fileURLToPath(new URL(`../../helpers/engines/${name}.ts`, import.meta.url));

let folder: string;
let recipe: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-supervisor-'));
  const { train } = await tinyDataset({ images: 18, size: 48 }, join(folder, 'data'));
  recipe = writeRecipe(join(folder, 'recipe.yaml'), train, {
    optimizer: { lr: 1e-3, batchSize: 4, accumulate: 2, steps: 16 },
    checkpoint: { every: 3, keep: 2 },
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const recordOf = (run: string): RunRecord =>
  runRecordSchema.parse(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('a training whose engine is killed', () => {
  it('goes on from the last checkpoint and ends with the same bits', async () => {
    await runEngine(newRun(recipe, folder, 'undisturbed'));
    const random = Random.from(Date.now(), 'kills');
    let kills = 0;
    let savedStep = 0;
    let killAt = 2 + random.integer(4);
    const lost: number[] = [];
    const crashes: string[] = [];
    const { outcome } = await runEngine(
      newRun(recipe, folder, 'killed'),
      (message, supervisor) => {
        if (message.type === 'checkpoint') savedStep = message.step;
        if (message.type === 'plan' && kills > 0) lost.push(savedStep - message.fromStep);
        if (message.type !== 'metrics' || message.metrics.step < killAt || kills >= 2) return;
        // Somewhere in the next steps, or in a save.
        kills++;
        killAt = message.metrics.step + 3 + random.integer(4);
        const { pid } = supervisor;
        setTimeout(() => process.kill(pid!, 'SIGKILL'), random.integer(150));
      },
      { onCrash: ({ cause }, resumes) => void crashes.push(`${cause} ${resumes}`) },
    );
    expect(outcome).toMatchObject({ type: 'done', result: { outcome: 'finished', step: 16 } });
    expect(crashes).toEqual(
      Array.from({ length: 2 }, (): unknown => expect.stringMatching(/was killed.*out of memory true$/)),
    );
    // What was reported as saved is never lost; a save may have ended that could not be reported any more.
    for (const steps of lost) expect(steps).toBeLessThanOrEqual(0);
    expect(fingerprint(join(folder, 'killed'))).toEqual(fingerprint(join(folder, 'undisturbed')));
    expect(recordOf(join(folder, 'killed')).sessions).toHaveLength(3);
  });
});

describe('a training that is told to end', () => {
  it('by the system (SIGTERM): saves, leaves with code 0 and can be resumed', async () => {
    const { outcome } = await runEngine(newRun(recipe, folder, 'terminated'), (message, { pid }) => {
      if (message.type === 'micro' && message.step === 4) process.kill(pid!, 'SIGTERM');
    });
    expect(outcome).toMatchObject({ type: 'done', result: { outcome: 'stopped' } });
    const run = join(folder, 'terminated');
    const { state, progress } = recordOf(run);
    expect(state).toBe('stopped');
    expect(progress.step).toBeGreaterThanOrEqual(4);
    expect(existsSync(join(run, 'checkpoints', progress.checkpoint!))).toBe(true);
    expect(existsSync(join(run, 'run.lock'))).toBe(false);
    const { messages } = await runEngine(
      resumedRun(run),
      (message, supervisor) => message.type === 'plan' && supervisor.stop(),
    );
    expect(messages.find(({ type }) => type === 'plan')).toMatchObject({ fromStep: progress.step });
  });

  it('by the death of its parent: saves and leaves no process behind', async () => {
    const argv = [...ENGINE_EXEC_ARGV, CLI, 'train', recipe, '--runs', folder, '--run', 'orphaned'];
    const parent = spawn(process.execPath, argv, { stdio: 'ignore' });
    const run = join(folder, 'orphaned');
    const metrics = join(run, 'metrics.jsonl');
    await until(() => existsSync(metrics) && readFileSync(metrics, 'utf8').includes('\n'));
    const { pid } = runOwnerSchema.parse(JSON.parse(readFileSync(join(run, 'run.lock'), 'utf8')));
    parent.kill('SIGKILL');
    await once(parent, 'close');
    await until(() => !isAlive(pid));
    expect(recordOf(run).state).toBe('stopped');
    expect(existsSync(join(run, 'checkpoints', recordOf(run).progress.checkpoint!))).toBe(true);
  });

  it('by Ctrl-C in a terminal: saves and says how to go on', async () => {
    const argv = [...ENGINE_EXEC_ARGV, CLI, 'train', recipe, '--runs', folder, '--run', 'interrupted'];
    // A process group of its own: Ctrl-C reaches every process of it, the engine too.
    const parent = spawn(process.execPath, argv, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    parent.stdout.on('data', (chunk: Buffer) => {
      if (!output.includes('step 1/') && (output + chunk.toString()).includes('step 1/'))
        process.kill(-parent.pid!, 'SIGINT');
      output += chunk.toString();
    });
    const [code] = (await once(parent, 'close')) as [number];
    expect(code).toBe(130);
    expect(output).toMatch(/stopping: a checkpoint is being saved/);
    expect(output).toMatch(
      /Stopped after \d+ steps, saved in \S+checkpoints\/step-[\d.]+\.\nTo go on: llavolta train --resume \S+interrupted/,
    );
    expect(recordOf(join(folder, 'interrupted')).state).toBe('stopped');
  });
});

describe('an engine that cannot work', () => {
  it('is not started for ever: a few crashes in a short time end the job, with the reason', async () => {
    const crashes: boolean[] = [];
    const { outcome } = await runEngine(newRun(recipe, folder, 'crashing'), undefined, {
      entry: testEngine('crashing'),
      onCrash: (_, resumes) => void crashes.push(resumes),
    });
    expect(crashes).toEqual([...Array.from({ length: MAX_CRASHES }, () => true), false]);
    expect(outcome).toMatchObject({
      type: 'failed',
      failure: { cause: expect.stringMatching(/crashed in native code/) as unknown },
    });
  });

  it('is killed when it does not stop in time', async () => {
    const { outcome } = await runEngine(
      newRun(recipe, folder, 'deaf'),
      (message, supervisor) => message.type === 'state' && supervisor.stop(),
      { entry: testEngine('deaf'), stopTimeoutMs: 100 },
    );
    expect(outcome).toMatchObject({ type: 'failed', failure: { cause: 'The engine was ended without saving' } });
  });

  it('is not started again where it has said why: bad input stays bad', async () => {
    const { outcome, messages } = await runEngine(newRun(join(folder, 'missing.yaml'), folder, 'no-recipe'));
    expect(outcome).toMatchObject({
      type: 'failed',
      failure: { cause: expect.stringMatching(/missing\.yaml: must be a recipe file that can be read/) as unknown },
    });
    expect(messages.filter(({ type }) => type === 'ready')).toHaveLength(1);
    expect(existsSync(join(folder, 'no-recipe'))).toBe(false);
  });

  it('is not started again where data and recipe do not fit', async () => {
    const job = newRun(recipe, folder, 'bad-data', [`data.train=${join(folder, 'nowhere.jsonl')}`]);
    const { outcome } = await runEngine(job);
    expect(outcome).toMatchObject({
      type: 'failed',
      failure: { cause: expect.stringMatching(/nowhere\.jsonl/) as unknown },
    });
    expect(existsSync(join(folder, 'bad-data'))).toBe(false);
  });

  it('refuses a run whose data have changed', async () => {
    const data = join(folder, 'data', 'train.jsonl');
    const before = readFileSync(data, 'utf8');
    const copied = await tinyDataset({ images: 18, size: 48 }, join(folder, 'other-data'));
    const job = newRun(recipe, folder, 'changed', [`data.train=${copied.train}`, 'optimizer.steps=3']);
    await runEngine(job, (message, supervisor) => message.type === 'metrics' && supervisor.stop());
    rmSync(join(folder, 'other-data'), { recursive: true });
    await tinyDataset({ images: 18, size: 48, seed: 5 }, join(folder, 'other-data'));
    const { outcome } = await runEngine(resumedRun(join(folder, 'changed')));
    expect(outcome).toMatchObject({
      type: 'failed',
      failure: { cause: expect.stringMatching(/train\.jsonl: has changed since the run began/) as unknown },
    });
    expect(readFileSync(data, 'utf8')).toBe(before);
  });
});
