/**
 * An engine process: forked by the studio or the terminal program, does one job and leaves. It owns TensorFlow, the
 * run's files and its lock, so that a crash of any of them costs no other process anything.
 */
import {
  ENGINE_EXIT,
  engineCommandSchema,
  type EngineCommand,
  type EngineMessage,
  type Job,
} from '../../shared/engine-protocol.ts';
import { failureOf } from './jobs/failure.ts';
import { JobControl } from './jobs/job-control.ts';
import { JOBS, type RunJob } from './job-table.ts';

/** How long a process that is done waits for its parent to take the last message. */
const FLUSH_TIMEOUT_MS = 5000;

/** How long a process whose parent is gone may take to save and leave. It must not stay behind for good. */
const ORPHAN_TIMEOUT_MS = 120_000;

const control = new JobControl();
let started = false;

let lastSent: Promise<void> = Promise.resolve();

/** Messages arrive in order. Nobody waits for them: a parent that hangs must not hold up a training. */
function send(message: EngineMessage): void {
  if (!process.connected) return;
  lastSent = new Promise<void>((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

/** Leaves when the last message is on its way. Native threads would keep the process, hence `exit`. */
async function leave(exitCode: number): Promise<void> {
  await Promise.race([lastSent, new Promise((resolve) => setTimeout(resolve, FLUSH_TIMEOUT_MS))]);
  process.exit(exitCode);
}

async function fail(error: unknown): Promise<void> {
  send({ type: 'error', failure: failureOf(error) });
  await leave(ENGINE_EXIT.failed);
}

async function runJob(job: Job): Promise<void> {
  try {
    const run = (await JOBS[job.kind]()) as RunJob<Job>;
    for await (const message of run(job, control)) send(message);
    await leave(ENGINE_EXIT.done);
  } catch (error) {
    await fail(error);
  }
}

function obey(command: EngineCommand): void {
  switch (command.type) {
    case 'start':
      if (started) throw new Error('an engine process does one job, and this one has it already');
      started = true;
      void runJob(command.job);
      break;
    case 'pause':
      control.pause();
      break;
    case 'resume':
      control.resume();
      break;
    case 'checkpoint':
      control.requestCheckpoint();
      break;
    case 'stop':
      stop();
      break;
    case 'ask':
      control.ask(command.id, command.question);
      break;
    case 'end-answer':
      control.endAnswer(command.id);
      break;
    case 'ping':
      send({ type: 'pong', id: command.id });
  }
}

/** Stops the job; where none runs there is nothing to save. */
function stop(): void {
  control.stop();
  if (!started) void leave(ENGINE_EXIT.done);
}

process.on('message', (message: unknown) => {
  try {
    obey(engineCommandSchema.parse(message));
  } catch (error) {
    void fail(error);
  }
});
process.on('SIGTERM', stop);
process.on('disconnect', () => {
  stop();
  setTimeout(() => process.exit(ENGINE_EXIT.failed), ORPHAN_TIMEOUT_MS).unref();
});
// Ctrl-C goes to every process of the terminal: the parent decides what it means and tells us.
process.on('SIGINT', () => undefined);
process.on('uncaughtException', (error) => void fail(error));
process.on('unhandledRejection', (error) => void fail(error));
send({ type: 'ready', pid: process.pid });
