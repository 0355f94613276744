/** Runs an experiment: trains what is missing, asks what was not asked, and loses nothing that is there. */
import { InputError } from '../../shared/errors.ts';
import type { EvaluateJob, EvaluationProgress } from '../../shared/evaluation.ts';
import type { ExecutionMode } from '../../shared/execution-mode.ts';
import type { KeptAnswers } from '../../shared/experiment/answers.ts';
import type { Experiment } from '../../shared/experiment/experiment.ts';
import type { TrainJob } from '../../shared/engine-protocol.ts';
import { sha256 } from '../runs/file-digest.ts';
import type { FoundRun } from '../runs/find-run.ts';
import { writeJsonFile } from '../studio/json-file.ts';
import { answersFile, filesOf, type Places } from './experiment-file.ts';
import { answersKey, checkTestData, keptAnswers, questionsJob, readAnswers, type AnswersKey } from './kept-answers.ts';
import {
  findPlannedRun,
  planTrainings,
  trainingJob,
  type PlannedScheme,
  type PlannedTraining,
  type TrainingPlan,
} from './planned-training.ts';

/** How a job of an experiment ended; a stop ends the experiment, a failure the one run. */
export type WorkOutcome =
  { readonly type: 'done' } | { readonly type: 'stopped' } | { readonly type: 'failed'; readonly text: string };

/** What an evaluation tells. */
export type FoundAnswers = Pick<KeptAnswers, 'report' | 'answers'>;

/** Where a run of the experiment stands. */
export type RunStep =
  | { readonly state: 'waiting' }
  | { readonly state: 'training'; readonly fromStep: number }
  | { readonly state: 'asking'; readonly progress?: EvaluationProgress }
  /** `kept`: it was there before. */
  | { readonly state: 'done'; readonly kept: boolean; readonly answers?: KeptAnswers }
  | { readonly state: 'failed'; readonly text: string };

/** Who does the work and hears of it: the terminal or the studio. */
export interface ExperimentWork {
  train(job: TrainJob, run: string): Promise<WorkOutcome>;
  /** @param onProgress between batches of questions */
  ask(
    job: EvaluateJob,
    run: string,
    onProgress: (progress: EvaluationProgress) => void,
  ): Promise<WorkOutcome | { readonly type: 'answered'; readonly found: FoundAnswers }>;
  tell(run: string, step: RunStep): void;
}

export interface ExperimentOptions extends Places {
  /** By default graph; a run that is resumed goes on as it was begun. */
  readonly execution?: ExecutionMode;
}

/** How an experiment ended: `failed` names the runs that are missing from it. */
export interface ExperimentOutcome {
  readonly type: 'finished' | 'stopped';
  readonly failed: readonly string[];
}

/** The user asked to stop. */
class Stopped extends Error {}
/** One run ended without what the next step needs. */
class RunFailed extends Error {}

/** An experiment while it runs. */
export class ExperimentRun {
  private readonly experiment: Experiment;
  private readonly options: ExperimentOptions;
  private readonly work: ExperimentWork;
  readonly plan: TrainingPlan;
  private readonly failed: string[] = [];

  /** @throws InputError where a recipe, the data, or a run that is there already does not fit */
  constructor(experiment: Experiment, options: ExperimentOptions, work: ExperimentWork) {
    this.experiment = experiment;
    this.options = options;
    this.work = work;
    this.plan = planTrainings(experiment);
    checkTestData(experiment);
    for (const training of this.trainings) findPlannedRun(training, options);
  }

  private get trainings(): readonly PlannedTraining[] {
    return [...this.plan.prepare, ...this.plan.schemes];
  }

  /** Runs to its end, or until it is stopped. Called again on the same folders it goes on. */
  async run(): Promise<ExperimentOutcome> {
    await writeJsonFile(filesOf(this.experiment, this.options).file, this.experiment);
    for (const { run } of this.trainings) this.work.tell(run, { state: 'waiting' });
    try {
      for (const [place, training] of this.plan.prepare.entries()) {
        if (await this.attempt(training, () => this.prepare(training))) continue;
        this.giveUp(this.trainings.slice(place + 1), `It needs ${training.run}, which failed`);
        return { type: 'finished', failed: this.failed };
      }
      for (const scheme of this.plan.schemes) await this.attempt(scheme, () => this.runScheme(scheme));
    } catch (error) {
      if (error instanceof Stopped) return { type: 'stopped', failed: this.failed };
      throw error;
    }
    return { type: 'finished', failed: this.failed };
  }

  /** @returns false where the run failed, and the others go on */
  private async attempt({ run }: PlannedTraining, work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof RunFailed || error instanceof InputError)) throw error;
      this.giveUp([{ run }], error.message);
      return false;
    }
  }

  private giveUp(runs: readonly Pick<PlannedTraining, 'run'>[], text: string): void {
    for (const { run } of runs) {
      this.failed.push(run);
      this.work.tell(run, { state: 'failed', text });
    }
  }

  private async prepare(training: PlannedTraining): Promise<void> {
    const kept = findPlannedRun(training, this.options)?.record.state === 'finished';
    await this.train(training);
    this.work.tell(training.run, { state: 'done', kept });
  }

  private async runScheme(scheme: PlannedScheme): Promise<void> {
    const { experiment, options } = this;
    const found = await this.train(scheme);
    const key = answersKey(experiment, found, scheme, sha256(experiment.test.data));
    const file = answersFile(experiment, scheme.run, options);
    const before = readAnswers(file, key);
    const answers = before ?? keptAnswers(key, await this.ask(scheme, found, key));
    if (!before) await writeJsonFile(file, answers);
    this.work.tell(scheme.run, { state: 'done', kept: before !== undefined, answers });
  }

  /** The finished run, trained now as far as it is not. */
  private async train(training: PlannedTraining): Promise<FoundRun> {
    const { options, work } = this;
    const before = findPlannedRun(training, options);
    if (before?.record.state === 'finished') return before;
    work.tell(training.run, { state: 'training', fromStep: before?.record.progress.step ?? 0 });
    settle(await work.train(trainingJob(training, options, before, options.execution), training.run));
    const found = findPlannedRun(training, options);
    if (found?.record.state !== 'finished') throw new RunFailed('The training ended without a finished run');
    return found;
  }

  private async ask({ run, recipe }: PlannedScheme, found: FoundRun, key: AnswersKey): Promise<FoundAnswers> {
    this.work.tell(run, { state: 'asking' });
    const { execution } = this.options;
    const job = questionsJob(this.experiment, found, key, { recipe, execution });
    const outcome = await this.work.ask(job, run, (progress) => this.work.tell(run, { state: 'asking', progress }));
    if (outcome.type === 'answered') return outcome.found;
    settle(outcome);
    throw new RunFailed('The questions ended without a report');
  }
}

function settle(outcome: WorkOutcome): void {
  if (outcome.type === 'stopped') throw new Stopped();
  if (outcome.type === 'failed') throw new RunFailed(outcome.text);
}
