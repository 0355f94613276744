import { basename } from 'node:path';
import type { EngineMessage, TrainJob } from '../../shared/engine-protocol.ts';
import type { Failure } from '../../shared/run-record.ts';
import { Supervisor, type JobOutcome } from '../studio/supervisor.ts';
import { onEndSignal } from './end-signals.ts';
import { LiveRegion } from './live-region.ts';
import { emptyView, renderLine, renderView, shortNumber, updateView, type TrainingView } from './training-view.ts';

/** Between two redraws of the live view, and between two lines of a log, in milliseconds. */
const REDRAW_MS = 100;
const LINE_MS = 5000;

/** Shows a training as it runs. */
interface Display {
  /** A line that stays. */
  print(line: string): void;
  show(view: TrainingView): void;
}

function liveDisplay(output: NodeJS.WriteStream): Display {
  const region = new LiveRegion(output);
  let drawnAt = 0;
  let last: readonly string[] = [];
  return {
    print: (line) => {
      region.print(line);
      region.draw(last);
    },
    show: (view) => {
      last = renderView(view, region.width);
      if (Date.now() - drawnAt < REDRAW_MS && view.state === 'running') return;
      drawnAt = Date.now();
      region.draw(last);
    },
  };
}

function lineDisplay(output: NodeJS.WriteStream): Display {
  let writtenAt = 0;
  let writtenStep = 0;
  let reason: string | undefined;
  const print = (line: string): void => void output.write(`${line}\n`);
  return {
    print,
    show: (view) => {
      if (view.reason !== undefined && view.reason !== reason) print(`${view.state}: ${view.reason}`);
      reason = view.reason ?? reason;
      const isLast = view.step === view.plan?.totalSteps;
      if (view.step === writtenStep || !view.metrics || (Date.now() - writtenAt < LINE_MS && !isLast)) return;
      [writtenAt, writtenStep] = [Date.now(), view.step];
      print(renderLine(view));
    },
  };
}

/** A failure as the terminal says it. The details are for reports. */
export function failureText({ cause, whatToDo }: Failure): string {
  return `${cause}\n  → ${whatToDo}`;
}

/** What a message tells for good, beside the view; undefined for most. */
function lastingLine(message: EngineMessage): string | undefined {
  switch (message.type) {
    case 'log':
      return message.level === 'warning' ? `warning: ${message.text}` : message.text;
    case 'run':
      return `run: ${message.folder}`;
    case 'plan': {
      const { model, data, totalSteps, accumulate } = message.plan;
      const sizes = `${shortNumber(model.parameters)} weights (${shortNumber(model.trained)} trained), ${model.visualTokensPerImage} visual tokens per image`;
      const start = message.fromStep > 0 ? `, going on after step ${message.fromStep}` : '';
      return `model: ${sizes}\ndata: ${data.samples} samples, ${data.rows} rows\n${totalSteps} optimizer steps of ${accumulate} micro-batches${start}`;
    }
    default:
      return undefined;
  }
}

/** Ctrl-C and the system's request to end save a checkpoint first; a second one does not wait. */
function stopOnSignals(supervisor: Supervisor, print: (line: string) => void): () => NodeJS.Signals | undefined {
  let received: NodeJS.Signals | undefined;
  const end = onEndSignal((signal) => {
    if (received !== undefined) return supervisor.kill();
    received = signal;
    print('stopping: a checkpoint is being saved (once more to leave without it)');
    supervisor.stop();
  });
  void supervisor.outcome.then(end);
  return () => received;
}

/** How a training that was followed in the terminal ended. */
export interface FollowedTraining {
  readonly outcome: JobOutcome;
  /** The run's folder, where it came to having one. */
  readonly folder?: string;
  /** The signal that stopped it. */
  readonly signal?: NodeJS.Signals;
}

/**
 * Trains in an engine process and shows it: live in a terminal, as plain lines elsewhere. Ctrl-C saves a checkpoint and
 * leaves. It prints the run's progress, not its outcome.
 */
export async function followTraining(job: TrainJob, output: NodeJS.WriteStream): Promise<FollowedTraining> {
  const display = output.isTTY ? liveDisplay(output) : lineDisplay(output);
  let folder = job.run.mode === 'resume' ? job.run.folder : undefined;
  let view = emptyView(basename(folder ?? 'training'));
  const supervisor = new Supervisor({
    job,
    onMessage: (message) => {
      if (message.type === 'run') view = { ...view, name: basename((folder = message.folder)) };
      const line = lastingLine(message);
      if (line !== undefined) display.print(line);
      display.show((view = updateView(view, message)));
    },
    onCrash: (failure, resumes) =>
      display.print(`${failureText(failure)}${resumes ? '\n  It is resumed from the last checkpoint.' : ''}`),
  });
  const signalOf = stopOnSignals(supervisor, (line) => display.print(line));
  const outcome = await supervisor.outcome;
  const signal = signalOf();
  return { outcome, ...(folder !== undefined && { folder }), ...(signal !== undefined && { signal }) };
}
