import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ExperimentRun,
  type ExperimentOptions,
  type ExperimentWork,
  type RunStep,
} from '../../../src/main/experiment/experiment-run.ts';
import { findingsOf } from '../../../src/main/experiment/experiment-result.ts';
import { answersFile, filesOf } from '../../../src/main/experiment/experiment-file.ts';
import { experimentReport } from '../../../src/main/report/experiment-report.ts';
import { terminalWork } from '../../../src/main/terminal/follow-experiment.ts';
import { experimentSchema, plannedRuns, type Experiment } from '../../../src/shared/experiment/experiment.ts';
import { keptAnswersSchema } from '../../../src/shared/experiment/answers.ts';
import { runEngine, writeRecipe } from '../../helpers/engine-runs.ts';
import { writeRun } from '../../helpers/run-folder.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';
import { tinyDataset } from '../../helpers/tiny-dataset.ts';

interface Bench {
  readonly experiment: Experiment;
  readonly places: ExperimentOptions;
  readonly recipe: string;
}

const RUNS = ['try-full-seed0', 'try-pool-seed0', 'try-full-seed1', 'try-pool-seed1'];

/** Enough that a run which is told to stop after its first step has not ended before it hears of it. */
const STEPS = 5;

/** Two schemes of the tiny model, two seeds, few steps. */
async function bench(changes: object = {}): Promise<Bench> {
  const folder = temporaryFolder();
  const { train, test } = await tinyDataset();
  const recipe = writeRecipe(join(folder, 'recipe.yaml'), train, {
    optimizer: { lr: 1e-3, batchSize: 2, accumulate: 1, steps: STEPS },
    stages: [{ compression: 'none' }],
    stageDepth: 4,
  });
  const experiment = experimentSchema.parse({
    ...{ name: 'try', recipe, seeds: [0, 1], baseline: 'full' },
    schemes: [
      { label: 'full', compressions: ['1/4'] },
      { label: 'pool', set: ['stages=[{ compression: 1/4 }]'] },
    ],
    test: { data: test, questions: 6, maxTokens: 2 },
    ...changes,
  });
  // Eager: so few steps are quicker than recording them.
  const places = { runs: join(folder, 'runs'), experiments: join(folder, 'experiments'), execution: 'eager' as const };
  return { experiment, places, recipe };
}

/** The terminal's work into nowhere, with every step that was told. */
function listening(experiment: Experiment): { work: ExperimentWork; steps: [string, RunStep][] } {
  const output = { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream;
  const terminal = terminalWork(
    output,
    plannedRuns(experiment).map(({ run }) => run),
  );
  const steps: [string, RunStep][] = [];
  const tell = (run: string, step: RunStep): void => {
    if (step.state !== 'waiting' && !(step.state === 'asking' && step.progress)) steps.push([run, step]);
    terminal.tell(run, step);
  };
  return { work: { ...terminal, tell }, steps };
}

const statesOf = (steps: readonly [string, RunStep][]): string[] => steps.map(([run, { state }]) => `${run} ${state}`);

describe('an experiment', () => {
  it('trains and asks seed by seed, goes on where it was interrupted, and reports what it found', async () => {
    const { experiment, places } = await bench();
    const first = listening(experiment);
    const stopping: ExperimentWork = {
      ...first.work,
      // The second training is stopped after its first step.
      train: async (job, run) => {
        if (run !== RUNS[1]) return first.work.train(job, run);
        await runEngine(job, (message, supervisor) => {
          if (message.type === 'metrics') supervisor.stop();
        });
        return { type: 'stopped' };
      },
    };
    expect(await new ExperimentRun(experiment, places, stopping).run()).toEqual({ type: 'stopped', failed: [] });
    expect(statesOf(first.steps)).toEqual([
      ...[`${RUNS[0]} training`, `${RUNS[0]} asking`, `${RUNS[0]} done`],
      `${RUNS[1]} training`,
    ]);
    expect(findingsOf(experiment, places).result).toMatchObject({
      schemes: [{ name: 'full', runs: [{ seed: 0 }] }],
      missing: RUNS.slice(1),
    });

    const second = listening(experiment);
    expect(await new ExperimentRun(experiment, places, second.work).run()).toEqual({ type: 'finished', failed: [] });
    expect(second.steps[0]).toMatchObject([RUNS[0], { state: 'done', kept: true }]);
    const [, goesOn] = second.steps[1] ?? [];
    const fromStep = goesOn?.state === 'training' ? goesOn.fromStep : 0;
    expect(fromStep).toBeGreaterThan(0);
    expect(fromStep).toBeLessThan(STEPS);
    expect(statesOf(second.steps).filter((text) => text.endsWith('training'))).toEqual(
      RUNS.slice(1).map((run) => `${run} training`),
    );

    const answers = keptAnswersSchema.parse(
      JSON.parse(readFileSync(answersFile(experiment, 'try-full-seed1', places), 'utf8')),
    );
    expect(answers).toMatchObject({ compressions: ['none', '1/4'], questions: 6 });
    expect(answers.answers).toHaveLength(6);
    expect(answers.answers[0]?.correct).toHaveLength(2);

    const { result, runs } = findingsOf(experiment, places);
    expect(result.missing).toEqual([]);
    expect(result.curves.map(({ name, steps }) => [name, steps])).toEqual([
      ['full', [1, 2, 3, 4, 5]],
      ['pool', [1, 2, 3, 4, 5]],
    ]);
    expect(result.schemes[1]?.comparison?.paired).toMatchObject({ seeds: 2, questions: 6 });
    const page = experimentReport({
      ...{ description: 'Two schemes.', result, runs, file: 'name: try', chart: 'try-loss.svg' },
      commands: ['experiment run try.yaml'],
    });
    expect(page.match(/^#+ .*/gm)).toEqual([
      ...['# try', '## Accuracy and cost', '### Each run', '## Is any of them worse than full?'],
      ...['## Asked at other settings', '## Loss', '## Reproduce', '## Machine'],
    ]);
    expect(page).toMatch(/^- \*\*pool\*\*: \*\*.+\*\*.*\(2 and 2 seeds\)\.$/m);
    expect(page).toMatch(/^\| pool \| 2 \| 1\/4 \| .* \| \d\.\d\d \| \d+ \| 229 \| 112 \|/m);
    expect(page).toContain('npm run -s llavolta -- experiment run try.yaml');

    // What is there is kept as it is; answers to other questions do not count.
    const third = listening(experiment);
    await new ExperimentRun(experiment, places, third.work).run();
    expect(statesOf(third.steps)).toEqual(RUNS.map((run) => `${run} done`));
    rmSync(answersFile(experiment, 'try-pool-seed1', places));
    const fewer = experimentSchema.parse({ ...experiment, test: { ...experiment.test, questions: 5 } });
    expect(() => findingsOf(fewer, places)).toThrow('has no finished run of full yet');
    expect(findingsOf(experiment, places).result.missing).toEqual(['try-pool-seed1']);
  }, 600_000);

  it('refuses a run of another recipe under a name of its own, before anything is trained', async () => {
    const { experiment, places } = await bench();
    const { work } = listening(experiment);
    writeRun(join(places.runs, 'try-pool-seed0'), { recipe: 'easy-vqa-reproduce' });
    expect(() => new ExperimentRun(experiment, places, work)).toThrow(
      'try-pool-seed0: holds a run of another recipe. Give the experiment another name',
    );
    expect(existsSync(filesOf(experiment, places).file)).toBe(false);
  });

  it('goes on with the others where runs fail, and names those', async () => {
    const { experiment, places } = await bench();
    const { work, steps } = listening(experiment);
    const failing: ExperimentWork = { ...work, train: () => Promise.resolve({ type: 'failed', text: 'no memory' }) };
    expect(await new ExperimentRun(experiment, places, failing).run()).toEqual({ type: 'finished', failed: RUNS });
    expect(steps.filter(([, { state }]) => state === 'failed')).toEqual(
      RUNS.map((run) => [run, { state: 'failed', text: 'no memory' }]),
    );
  });

  it('trains no scheme where what they build on failed', async () => {
    const { places, ...made } = await bench();
    const experiment = experimentSchema.parse({ ...made.experiment, prepare: { recipe: made.recipe, run: 'tower' } });
    const { work, steps } = listening(experiment);
    const failing: ExperimentWork = { ...work, train: () => Promise.resolve({ type: 'failed', text: 'no memory' }) };
    const outcome = await new ExperimentRun(experiment, places, failing).run();
    expect(outcome).toEqual({ type: 'finished', failed: ['tower', ...RUNS] });
    expect(statesOf(steps)).toEqual(['tower training', 'tower failed', ...RUNS.map((run) => `${run} failed`)]);
    expect(steps.at(-1)?.[1]).toEqual({ state: 'failed', text: 'It needs tower, which failed' });
  });

  it('refuses recipes and data that are not there, by name', async () => {
    const missing = await bench({ recipe: 'no-such-recipe' });
    const { work } = listening(missing.experiment);
    expect(() => new ExperimentRun(missing.experiment, missing.places, work)).toThrow(
      'recipe: must be the name of a preset, or a recipe file that can be read (found "no-such-recipe")',
    );
    const tower = await bench({ recipe: 'easy-vqa-tower', schemes: [{ label: 'full' }] });
    expect(() => new ExperimentRun(tower.experiment, tower.places, work)).toThrow('must be a recipe of phase instruct');
    const data = await bench({ test: { data: 'nowhere/test.jsonl' } });
    expect(() => new ExperimentRun(data.experiment, data.places, work)).toThrow('test.data: is not there');
  });
});
