/** The demo: from nothing to a model that answers with compressed visual tokens, live in the terminal. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DEFAULT_BATCH_SIZE, DEFAULT_MAX_TOKENS } from '../../shared/evaluation.ts';
import type { ExecutionMode } from '../../shared/execution-mode.ts';
import { EVALUATIONS } from '../report/run-result.ts';
import { LiveLine } from '../terminal/live-line.ts';
import { clockTime } from '../terminal/training-view.ts';
import { answerHead, answerLine, askAtAll, costLine, type Answer } from './answers-phase.ts';
import { getDemoData, type DemoData, type DemoDataOptions } from './demo-data.ts';
import { evaluateAndKeep, evaluationLines } from './evaluation-phase.ts';
import type { FoundRun } from '../runs/find-run.ts';
import { guessingAccuracy, pickQuestions, type PictureQuestion } from './questions.ts';
import { DemoStopped, modelOf, trainOrReuse, type TrainingPhase } from './training-phase.ts';
import { shownFile } from '../terminal/shown-file.ts';

export interface DemoOptions {
  /** Folder of the runs' folders. */
  readonly runs: string;
  readonly data: DemoDataOptions;
  /** Optimizer steps; by default those of the recipes. */
  readonly towerSteps?: number;
  readonly steps?: number;
  /** By default graph. */
  readonly execution?: ExecutionMode;
  /** Test questions that are evaluated. */
  readonly questions: number;
}

/** Full, and compressed before layer 1 of the tiny model's 4: the paper's layer 2 of 32. */
const SETTINGS = ['none', '1/2', '1/4', '1/8'];
const SIDE_BY_SIDE = ['none', '1/8'];
const ASKED = 5;
const QUESTION_WIDTH = 44;
const INTERRUPTED = 130;

const thousands = (count: number): string => count.toLocaleString('en');

const stepsOverride = (steps: number | undefined): string[] =>
  steps === undefined ? [] : [`optimizer.steps=${steps}`];

/** One run of the demo. */
class Demo {
  private readonly options: DemoOptions;
  private readonly output: NodeJS.WriteStream;
  private phase = 0;

  constructor(options: DemoOptions, output: NodeJS.WriteStream) {
    this.options = options;
    this.output = output;
  }

  async run(): Promise<void> {
    const begun = Date.now();
    this.print('LLaVolta: train with few visual tokens first, with all of them last, and ask with as few as you like.');
    const data = await this.provideData();
    const tower = await this.trainTower(data);
    const run = await this.trainScheme(data, tower);
    await this.evaluate(data, run);
    await this.answer(data, run);
    this.close(data, tower, run, Date.now() - begun);
  }

  private print(line = ''): void {
    this.output.write(`${line}\n`);
  }

  private begin(what: string): void {
    this.print(`\n${++this.phase}/5 ${what}`);
  }

  private async provideData(): Promise<DemoData> {
    this.begin('Data: pictures of shapes with questions about them, as LLaVA conversations');
    const data = await getDemoData(this.options.data, new LiveLine(this.output));
    const [train, test] = [data.trainQuestions, data.testQuestions].map(
      (pictures) => `${thousands(pictures.length)} pictures with ${thousands(pictures.flat().length)} questions`,
    );
    this.print(`  ${data.name}: ${train} to train on, ${test} to test on`);
    return data;
  }

  private trainTower({ train, towerOverrides }: DemoData): Promise<string> {
    this.begin('Vision tower: LLaVA starts from a trained CLIP tower, so ours is trained first, on what is asked most');
    return trainOrReuse({
      preset: 'demo-tower',
      overrides: [`data.train=${train}`, ...towerOverrides, ...stepsOverride(this.options.towerSteps)],
      ...this.common(),
      reuses: () => true,
    });
  }

  private trainScheme({ train }: DemoData, tower: string): Promise<string> {
    this.begin('Training: the released 4stage scheme, from heavy compression of the visual tokens to none');
    return trainOrReuse({
      preset: 'demo-4stage',
      overrides: [`data.train=${train}`, `model.tower=${modelOf(tower)}`, ...stepsOverride(this.options.steps)],
      ...this.common(),
      // A run that was evaluated has been shown: the demo trains anew.
      reuses: (run) => !existsSync(this.evaluationFile(run)),
    });
  }

  private common(): Pick<TrainingPhase, 'runs' | 'execution' | 'output' | 'print'> {
    return { runs: this.options.runs, ...this.execution(), output: this.output, print: (line) => this.print(line) };
  }

  private execution(): { execution?: ExecutionMode } {
    const { execution } = this.options;
    return execution === undefined ? {} : { execution };
  }

  private evaluationFile({ folder }: Pick<FoundRun, 'folder'>): string {
    return join(folder, EVALUATIONS, 'demo.json');
  }

  private async evaluate({ train, test, ...data }: DemoData, run: string): Promise<void> {
    const { questions } = this.options;
    this.begin(`Evaluation: test questions, each asked alone, with all visual tokens and with fewer from layer 1 on`);
    const job = {
      ...({ kind: 'evaluate', model: resolve(run), data: resolve(test), compressions: SETTINGS } as const),
      ...{ limit: questions, batchSize: DEFAULT_BATCH_SIZE, maxTokens: DEFAULT_MAX_TOKENS },
      ...this.execution(),
    };
    const line = new LiveLine(this.output);
    const report = await evaluateAndKeep(
      { ...job, compressions: [...SETTINGS] },
      this.evaluationFile({ folder: run }),
      line,
    );
    const [head = '', ...rows] = evaluationLines(report);
    line.print(`  ${head}`);
    for (const row of rows) this.print(`  ${row}`);
    const guess = 100 * guessingAccuracy(data.trainQuestions, data.testQuestions, questions);
    this.print(`  Without the picture, from the question's most frequent answer alone: ${guess.toFixed(1)} %`);
  }

  private async answer({ testQuestions }: DemoData, run: string): Promise<void> {
    this.begin('Answers: five test questions, with all visual tokens and compressed');
    const questions = pickQuestions(testQuestions, ASKED);
    const width = Math.min(QUESTION_WIDTH, Math.max(...questions.map(({ question }) => question.length)));
    this.print(`  ${answerHead(SIDE_BY_SIDE, width)}`);
    const all: Answer[][] = [];
    for (const question of questions) {
      const answers = await askAtAll(run, question, SIDE_BY_SIDE, this.options.execution);
      all.push(answers);
      this.print(`  ${answerLine(question, answers, width)}`);
    }
    for (const [i] of SIDE_BY_SIDE.entries()) {
      this.print(`  ${costLine(all.flatMap((answers) => answers[i]?.stats ?? []))}`);
    }
  }

  private close({ train, test, testQuestions }: DemoData, tower: string, run: string, ms: number): void {
    const [question] = pickQuestions(testQuestions, 1) as [PictureQuestion];
    this.print(
      `\nDone in ${clockTime(ms)}. The run is in ${run}: recipe, metrics, checkpoints, evaluation, and the model in ${modelOf(run)}.`,
    );
    this.print('What to try next:');
    this.print(
      `  npm run -s llavolta -- ask --model ${run} --image ${shownFile(question.image)} "${question.question}" --compress 1/8`,
    );
    this.print(`  npm run -s llavolta -- evaluate ${run} --data ${shownFile(test)} --compress none,2/8,1/16`);
    const set = ['scheme=heavy-compression', `data.train=${train}`, `model.tower=${modelOf(tower)}`];
    this.print(
      `  npm run -s llavolta -- train demo-4stage ${set.map((one) => `--set ${one}`).join(' ')} --run demo-heavy`,
    );
  }
}

/** Runs the demo and resolves to its exit code. */
export async function runDemo(options: DemoOptions, output: NodeJS.WriteStream): Promise<number> {
  try {
    await new Demo(options, output).run();
    return 0;
  } catch (error) {
    if (!(error instanceof DemoStopped)) throw error;
    if (error.message) output.write(`${error.message}\n`);
    if (error.isInterrupted) output.write('Run the demo again: it goes on where it was stopped.\n');
    return error.isInterrupted ? INTERRUPTED : 1;
  }
}
