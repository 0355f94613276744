import { describe, expect, it } from 'vitest';
import { engineCommandSchema, engineMessageSchema, trainJobSchema } from '../../src/shared/engine-protocol.ts';

const newRun = { mode: 'new', recipe: 'a.yaml', overrides: [], runs: '/runs' };

describe('commands to an engine', () => {
  it.each([
    [{ type: 'start', job: { kind: 'train', run: newRun } }],
    [{ type: 'start', job: { kind: 'train', run: { mode: 'resume', folder: '/runs/a' } } }],
    [{ type: 'pause' }],
    [{ type: 'stop' }],
    [{ type: 'ping', id: 3 }],
  ])('%j is one', (command) => expect(engineCommandSchema.parse(command)).toEqual(command));

  it.each([
    [{ type: 'explode' }],
    [{ type: 'pause', extra: 1 }],
    [{ type: 'start', job: { kind: 'unknown' } }],
    [{ type: 'start', job: { kind: 'train', run: { mode: 'resume' } } }],
    ['pause'],
    [null],
  ])('%j is none', (command) => expect(engineCommandSchema.safeParse(command).success).toBe(false));

  it.each(['../x', 'a/b', '.hidden', '', 'x'.repeat(101)])('a run cannot be named %j', (name) => {
    expect(trainJobSchema.safeParse({ kind: 'train', run: { ...newRun, name } }).success).toBe(false);
  });
});

describe('messages of an engine', () => {
  it.each([
    [{ type: 'ready', pid: 12 }],
    [{ type: 'state', state: 'paused', reason: 'because' }],
    [{ type: 'micro', step: 0, microBatch: 1, of: 2 }],
    [{ type: 'error', failure: { cause: 'a', whatToDo: 'b', details: 'c' } }],
    [{ type: 'result', outcome: 'stopped', step: 3 }],
  ])('%j is one', (message) => expect(engineMessageSchema.parse(message)).toEqual(message));

  it.each([
    [{ type: 'state', state: 'flying' }],
    [{ type: 'error', failure: { cause: 'a' } }],
    [{ type: 'metrics', metrics: { step: 1 } }],
  ])('%j is none', (message) => expect(engineMessageSchema.safeParse(message).success).toBe(false));
});
