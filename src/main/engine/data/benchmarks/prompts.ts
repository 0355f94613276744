/** The prompts that LLaVA-1.5 is evaluated with (its `docs/Evaluation.md` and `llava/eval`). */
import { optionLetter } from '../../../../shared/benchmark.ts';

const SHORT = 'Answer the question using a single word or phrase.';
const LETTER = "Answer with the option's letter from the given choices directly.";
const LETTER_CN = '请直接回答选项字母。';
const UNANSWERABLE = "When the provided information is insufficient, respond with 'Unanswerable'.";

/** A question that is answered in a word or two. */
export const shortAnswer = (question: string): string => `${question}\n${SHORT}`;

/** A question of VizWiz, where a picture may not show what is asked. */
export const answerIfPossible = (question: string): string => `${question}\n${UNANSWERABLE}\n${SHORT}`;

/** A question with options that is answered by a letter. `context` may be empty. */
export function multipleChoice(
  { context, question, options }: { context?: string; question: string; options: readonly string[] },
  language: 'en' | 'cn' = 'en',
): string {
  const lines = options.map((option, place) => `${optionLetter(place)}. ${option}`);
  return [...(context ? [context] : []), question, ...lines, language === 'cn' ? LETTER_CN : LETTER].join('\n');
}
