import { describe, expect, it } from 'vitest';
import { STUDIO_RUN_STATES, type RunAction } from '../../../../src/shared/api/runs.ts';
import {
  PENDING_TIMEOUT_MS,
  actionsIn,
  isConfirmed,
  type PendingAction,
} from '../../../../src/renderer/src/views/run/state/run-actions.ts';
import {
  restorePending,
  storePending,
  type KeyValueStorage,
} from '../../../../src/renderer/src/views/run/state/pending-action.ts';

const asked = (action: RunAction, before: PendingAction['before']): PendingAction => ({
  action,
  askedAt: 1000,
  before,
});

describe('actionsIn', () => {
  it('offers to end only what an engine works on, and to continue only what can be continued', () => {
    expect(actionsIn('running')).toEqual(['pause', 'checkpoint', 'stop', 'kill']);
    expect(actionsIn('paused')).toContain('resume');
    expect(actionsIn('paused')).not.toContain('pause');
    expect(actionsIn('stopped')).toEqual(['continue']);
    expect(actionsIn('failed')).toEqual(['continue']);
    expect(actionsIn('finished')).toEqual([]);
    expect(actionsIn('interrupted')).toEqual(['continue']);
    expect(actionsIn('starting')).not.toContain('continue');
    expect(actionsIn('stopping')).toEqual(['kill']);
  });

  it('never offers to pause and to resume at once', () => {
    for (const state of STUDIO_RUN_STATES) {
      const offered = actionsIn(state);
      expect(offered.includes('pause') && offered.includes('resume')).toBe(false);
    }
  });
});

describe('isConfirmed', () => {
  it('waits for the state that was asked for', () => {
    const pause = asked('pause', { state: 'running' });
    expect(isConfirmed(pause, { state: 'running' })).toBe(false);
    expect(isConfirmed(pause, { state: 'checkpointing' })).toBe(false);
    expect(isConfirmed(pause, { state: 'paused' })).toBe(true);
    const resume = asked('resume', { state: 'paused' });
    expect(isConfirmed(resume, { state: 'paused' })).toBe(false);
    expect(isConfirmed(resume, { state: 'running' })).toBe(true);
  });

  it('takes a checkpoint as saved when there is a newer one', () => {
    const checkpoint = asked('checkpoint', { state: 'running', checkpoint: 'step-100' });
    expect(isConfirmed(checkpoint, { state: 'checkpointing', checkpoint: 'step-100' })).toBe(false);
    expect(isConfirmed(checkpoint, { state: 'running', checkpoint: 'step-123' })).toBe(true);
  });

  it('does not wait for a run that is over', () => {
    for (const action of ['pause', 'resume', 'checkpoint', 'stop', 'kill'] as const) {
      expect(isConfirmed(asked(action, { state: 'running' }), { state: 'failed' })).toBe(true);
    }
    expect(isConfirmed(asked('stop', { state: 'paused' }), { state: 'paused' })).toBe(false);
  });

  it('takes a run as continued when it leaves the state it was over in', () => {
    const again = asked('continue', { state: 'failed' });
    expect(isConfirmed(again, { state: 'failed' })).toBe(false);
    expect(isConfirmed(again, { state: 'queued' })).toBe(true);
  });
});

function memoryStorage(): KeyValueStorage {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

describe('a pending action over a reload', () => {
  it('is there again for its run alone, until it is forgotten', () => {
    const storage = memoryStorage();
    const stop = asked('stop', { state: 'running', checkpoint: 'step-5' });
    storePending(storage, 'a', stop);
    expect(restorePending(storage, 'a', 2000)).toEqual(stop);
    expect(restorePending(storage, 'b', 2000)).toBeUndefined();
    storePending(storage, 'a', undefined);
    expect(restorePending(storage, 'a', 2000)).toBeUndefined();
  });

  it('is not believed when it is too old or no longer readable', () => {
    const storage = memoryStorage();
    storePending(storage, 'a', asked('stop', { state: 'running' }));
    expect(restorePending(storage, 'a', 1000 + PENDING_TIMEOUT_MS)).toBeUndefined();
    storage.setItem('llavolta.pending.a', '{"action":"explode"}');
    expect(restorePending(storage, 'a', 2000)).toBeUndefined();
    storage.setItem('llavolta.pending.a', '{');
    expect(restorePending(storage, 'a', 2000)).toBeUndefined();
  });
});
