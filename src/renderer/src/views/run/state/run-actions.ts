/** What can be asked of a run in each state, and when it counts as done: buttons show the wish at once, events confirm it. */
import type { RunAction, StudioRunState } from '../../../../../shared/api/runs.ts';

/** Where a run stands, as far as an action can change it. */
export interface RunPosition {
  readonly state: StudioRunState;
  /** Folder name of the newest checkpoint. */
  readonly checkpoint?: string | undefined;
}

/** An action that was asked for and is not confirmed yet. */
export interface PendingAction {
  readonly action: RunAction;
  /** Milliseconds since 1970. */
  readonly askedAt: number;
  /** Where the run stood when it was asked. */
  readonly before: RunPosition;
}

const OFFERED: Readonly<Record<StudioRunState, readonly RunAction[]>> = {
  // Out of the queue it goes by its job, not by an action of the run.
  queued: [],
  starting: ['stop', 'kill'],
  created: ['continue'],
  running: ['pause', 'checkpoint', 'stop', 'kill'],
  checkpointing: ['pause', 'stop', 'kill'],
  paused: ['resume', 'checkpoint', 'stop', 'kill'],
  stopping: ['kill'],
  interrupted: ['continue'],
  stopped: ['continue'],
  failed: ['continue'],
  finished: [],
};

/** The actions that make sense in a state, in the order of their buttons. */
export function actionsIn(state: StudioRunState): readonly RunAction[] {
  return OFFERED[state];
}

const OVER: readonly StudioRunState[] = ['created', 'interrupted', 'stopped', 'finished', 'failed'];

/** Whether no engine works on the run, nor will by itself. */
export const isOver = (state: StudioRunState): boolean => OVER.includes(state);

const BEFORE: readonly StudioRunState[] = ['queued', 'created', 'starting'];

/** Whether there may be rows of metrics: a run that waits for the first time has not even a folder. */
export const hasBegun = ({ state, step }: { readonly state: StudioRunState; readonly step: number }): boolean =>
  step > 0 || !BEFORE.includes(state);

/** Whether the run has done what was asked, or can do it no more. */
export function isConfirmed({ action, before }: PendingAction, now: RunPosition): boolean {
  if (action === 'continue') return now.state !== before.state;
  if (isOver(now.state)) return true;
  if (action === 'pause') return now.state === 'paused';
  if (action === 'resume') return now.state === 'running' || now.state === 'checkpointing';
  return action === 'checkpoint' && now.checkpoint !== before.checkpoint;
}

/** After this long an action that nothing confirmed is forgotten: an engine that does not stop is ended by then. */
export const PENDING_TIMEOUT_MS = 150_000;

/** After this long the user is told what is being waited for. */
export const PATIENCE_MS = 4000;

/** What a button says while its action is on its way. */
export const PENDING_TEXT: Readonly<Record<RunAction, string>> = {
  pause: 'Pausing',
  resume: 'Resuming',
  checkpoint: 'Saving',
  stop: 'Saving and stopping',
  kill: 'Ending',
  continue: 'Starting',
};

/** What is waited for, once it takes long. */
export const PATIENCE_TEXT: Readonly<Record<RunAction, string>> = {
  pause: 'The engine pauses when it has finished the micro-batch it is at.',
  resume: 'The engine has not answered yet.',
  checkpoint: 'The engine saves when it has finished the micro-batch it is at.',
  stop: 'The engine finishes its micro-batch, saves a checkpoint and leaves.',
  kill: 'The engine process is being ended.',
  continue: 'The engine is loading the model, the data and the last checkpoint.',
};
