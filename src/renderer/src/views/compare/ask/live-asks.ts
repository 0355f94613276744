/**
 * Answers while they come. Events of a question may arrive before the answer to its request does, so every question that
 * is heard of is kept by its id. Pure.
 */
import type { Ask, PaneAnswer } from '../../../../../shared/api/compare.ts';
import type { StudioEventOf } from '../../../../../shared/api/events.ts';
import type { Failure } from '../../../../../shared/run-record.ts';

/** One pane's answer as far as it has come. */
export interface LiveAnswer {
  readonly state: 'waiting' | 'answering' | 'ended' | 'failed';
  readonly text: string;
  /** What became of the pictures' tokens. */
  readonly points?: PaneAnswer['points'];
  readonly stats?: PaneAnswer['stats'];
  readonly failure?: Failure | undefined;
}

export interface LiveAsk {
  readonly id: string;
  readonly isOver: boolean;
  /** By pane. */
  readonly answers: readonly LiveAnswer[];
}

export type AnswerNews = StudioEventOf<'answer'> | StudioEventOf<'answer-failed'>;

const WAITING: LiveAnswer = { state: 'waiting', text: '' };

/** A question nothing was heard of yet. */
export function newLiveAsk(id: string, panes = 0): LiveAsk {
  return { id, isOver: false, answers: Array.from({ length: panes }, () => WAITING) };
}

function withAnswer(ask: LiveAsk, pane: number, change: (before: LiveAnswer) => LiveAnswer): LiveAsk {
  const length = Math.max(ask.answers.length, pane + 1);
  const answers = Array.from({ length }, (_, i) => ask.answers[i] ?? WAITING);
  answers[pane] = change(answers[pane] ?? WAITING);
  return { ...ask, answers };
}

/** The question after an event of its own. */
export function hear(ask: LiveAsk, news: AnswerNews): LiveAsk {
  if (news.kind === 'answer-failed') {
    return withAnswer(ask, news.pane, (before) => ({ ...before, state: 'failed', failure: news.failure }));
  }
  const { event } = news;
  switch (event.type) {
    case 'begin':
      return withAnswer(ask, event.index, () => ({ state: 'answering', text: '' }));
    case 'tokens':
      return withAnswer(ask, event.index, (before) => ({ ...before, points: event.points }));
    case 'text':
      return withAnswer(ask, event.index, (before) => ({
        ...before,
        state: 'answering',
        text: before.text + event.text,
      }));
    case 'end':
      return withAnswer(ask, event.index, (before) => ({ ...before, state: 'ended', stats: event.stats }));
  }
}

function answerOf({ text, points, stats, failure }: PaneAnswer, isOver: boolean): LiveAnswer {
  const said = { text, ...(points && { points }) };
  if (failure) return { ...said, state: 'failed', failure };
  if (stats) return { ...said, state: 'ended', stats };
  if (isOver) return { ...said, state: 'ended' };
  return { ...said, state: text === '' ? 'waiting' : 'answering' };
}

/** A question as the studio tells it whole. */
export function liveAskOf({ id, state, answers }: Pick<Ask, 'id' | 'state' | 'answers'>): LiveAsk {
  const isOver = state !== 'running';
  return { id, isOver, answers: answers.map((answer) => answerOf(answer, isOver)) };
}
