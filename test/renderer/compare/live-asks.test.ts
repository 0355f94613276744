import { describe, expect, it } from 'vitest';
import {
  hear,
  liveAskOf,
  newLiveAsk,
  type AnswerNews,
  type LiveAsk,
} from '../../../src/renderer/src/views/compare/ask/live-asks.ts';
import { answerStatsSchema, type AnswerEvent } from '../../../src/shared/answer.ts';

const STATS = answerStatsSchema.parse({
  ...{
    compression: 'none',
    reason: 'stop',
    tokens: 2,
    promptTokens: 70,
    visualStarts: [4],
    visualTokensPerLayer: [64],
  },
  ...{ compressionRatio: 100, timeToFirstTokenMs: 9, flopsPaper: 1, flopsExact: 2, cacheBytes: 3, memoryBytes: 4 },
});
const news = (event: AnswerEvent): AnswerNews => ({ kind: 'answer', ask: 'q', event });
const after = (events: readonly AnswerNews[], ask = newLiveAsk('q', 2)): LiveAsk => events.reduce(hear, ask);
const FAILURE = { cause: 'no memory', whatToDo: 'free some', details: '' };

describe('answers while they come', () => {
  it('wait, grow and end, each pane for itself', () => {
    const begun = after([
      news({ type: 'begin', index: 0, compression: 'none' }),
      news({ type: 'text', index: 0, text: 'a red' }),
      news({ type: 'text', index: 0, text: ' circle' }),
    ]);
    expect(begun.answers).toEqual([
      { state: 'answering', text: 'a red circle' },
      { state: 'waiting', text: '' },
    ]);
    expect(hear(begun, news({ type: 'end', index: 0, stats: STATS })).answers[0]).toEqual({
      state: 'ended',
      text: 'a red circle',
      stats: STATS,
    });
  });

  it('keep what became of the pictures’ tokens', () => {
    const points = [{ layer: 1, pictures: [{ went: [0, -1], positions: [4] }] }];
    const told = after([
      news({ type: 'begin', index: 0, compression: '1/2:random' }),
      news({ type: 'tokens', index: 0, points }),
      news({ type: 'text', index: 0, text: 'a' }),
      news({ type: 'end', index: 0, stats: STATS }),
    ]);
    expect(told.answers[0]).toEqual({ state: 'ended', text: 'a', points, stats: STATS });
  });

  it('begin anew where an answer begins again', () => {
    const twice = after([
      news({ type: 'text', index: 1, text: 'torn' }),
      news({ type: 'begin', index: 1, compression: '1/8' }),
      news({ type: 'text', index: 1, text: 'whole' }),
    ]);
    expect(twice.answers[1]?.text).toBe('whole');
  });

  it('are kept of a question whose panes are not known yet', () => {
    expect(
      after([news({ type: 'text', index: 2, text: 'x' })], newLiveAsk('q')).answers.map(({ state }) => state),
    ).toEqual(['waiting', 'waiting', 'answering']);
  });

  it('keep what was said when they fail', () => {
    const failed = after([
      news({ type: 'text', index: 0, text: 'so f' }),
      { kind: 'answer-failed', ask: 'q', pane: 0, failure: FAILURE },
    ]);
    expect(failed.answers[0]).toEqual({ state: 'failed', text: 'so f', failure: FAILURE });
  });
});

describe('a question told whole', () => {
  const pane = { model: 'm', compression: 'none' };

  it('is running or over', () => {
    const answers = [
      { ...pane, text: 'red', stats: STATS },
      { ...pane, text: 're' },
      { ...pane, text: '' },
    ];
    expect(liveAskOf({ id: 'q', state: 'running', answers }).answers.map(({ state }) => state)).toEqual([
      'ended',
      'answering',
      'waiting',
    ]);
    const stopped = liveAskOf({ id: 'q', state: 'stopped', answers });
    expect(stopped.isOver).toBe(true);
    expect(stopped.answers.map(({ state }) => state)).toEqual(['ended', 'ended', 'ended']);
  });
});
