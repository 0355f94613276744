/** Panes with their answers, compared with the first one's. Pure. */
import type { AnswerStats } from '../../../../../shared/answer.ts';
import type { PaneSetting } from '../panes/pane-list.ts';
import { compareWords, describeDifference, firstAnswerWords, type AnswerWord } from '../panes/word-diff.ts';
import type { ShownAnswer } from './asks.ts';

/** A pane with its answer. */
export interface AnsweredPane {
  readonly pane: PaneSetting;
  readonly answer: ShownAnswer | undefined;
  /** The answer is to something else than what the screen says now. */
  readonly isStale: boolean;
}

/** A pane with what it shows. */
export interface PaneView extends AnsweredPane {
  readonly words?: readonly AnswerWord[];
  /** How it differs from the first pane's answer, in words. */
  readonly difference?: string;
  readonly firstStats?: AnswerStats | undefined;
}

/** Words are compared once they are all there: while they come, everything behind the last one would be missing. */
function comparableText(answer: ShownAnswer | undefined): string | undefined {
  return answer?.state === 'ended' && answer.text.trim() !== '' ? answer.text : undefined;
}

/** @param marksWords whether words that differ are told apart, not only counted */
export function paneViews([first, ...others]: readonly AnsweredPane[], marksWords: boolean): PaneView[] {
  if (!first) return [];
  const firstText = comparableText(first.answer);
  const compared = others.map((view) => {
    const text = comparableText(view.answer);
    return {
      view,
      comparison: firstText === undefined || text === undefined ? undefined : compareWords(firstText, text),
    };
  });
  const comparisons = compared.flatMap(({ comparison }) => comparison ?? []);
  const marksFirst = marksWords && firstText !== undefined && comparisons.length > 0;
  const rest = compared.map(({ view, comparison }) => ({
    ...view,
    firstStats: first.answer?.stats,
    ...(comparison ? { difference: describeDifference(comparison) } : {}),
    ...(comparison && marksWords ? { words: comparison.words } : {}),
  }));
  return [{ ...first, ...(marksFirst ? { words: firstAnswerWords(firstText, comparisons) } : {}) }, ...rest];
}
