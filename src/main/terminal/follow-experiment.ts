/** An experiment's work as the terminal does and shows it. */
import { askRun } from '../experiment/ask-run.ts';
import type { ExperimentWork, RunStep } from '../experiment/experiment-run.ts';
import { interruptible } from './end-signals.ts';
import { progressText } from './evaluation-view.ts';
import { failureText, followTraining } from './follow-training.ts';
import { LiveLine } from './live-line.ts';

/** What is printed of a step; undefined where nothing lasting happened. */
function stepLine(step: RunStep): string | undefined {
  switch (step.state) {
    case 'training':
      return step.fromStep > 0 ? `training goes on after step ${step.fromStep}` : 'training';
    case 'asking':
      return step.progress ? undefined : 'asking the test questions';
    case 'failed':
      return `failed: ${step.text}`;
    case 'done': {
      const [own] = step.answers?.report.settings ?? [];
      const before = step.kept ? ' (was there already)' : '';
      return own ? `accuracy ${(100 * own.accuracy).toFixed(2)} % at ${own.compression}${before}` : `done${before}`;
    }
    case 'waiting':
      return undefined;
  }
}

/**
 * The terminal's way to run an experiment: trainings are followed live, Ctrl-C saves and ends the experiment. While
 * questions are asked it ends without an answer.
 *
 * @param runs all runs of the experiment in their order, so that each line says how far it is
 */
export function terminalWork(output: NodeJS.WriteStream, runs: readonly string[]): ExperimentWork {
  const line = new LiveLine(output);
  const place = (run: string): string => `[${runs.indexOf(run) + 1}/${runs.length}] ${run}`;
  return {
    train: async (job) => {
      const { outcome, signal } = await followTraining(job, output);
      if (signal !== undefined) return { type: 'stopped' };
      if (outcome.type === 'failed') return { type: 'failed', text: failureText(outcome.failure) };
      return { type: outcome.result.outcome === 'finished' ? 'done' : 'stopped' };
    },
    ask: (job, _run, onProgress) => interruptible((signal) => askRun(job, onProgress, signal)),
    tell: (run, step) => {
      if (step.state === 'asking' && step.progress) line.show(progressText(step.progress));
      const text = stepLine(step);
      if (text !== undefined) line.print(`${place(run)}: ${text}`);
    },
  };
}
