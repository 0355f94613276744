import { resolve } from 'node:path';
import type { AnswerStats, AskJob } from '../../shared/answer.ts';
import type { ExecutionMode } from '../../shared/execution-mode.ts';
import { mean } from '../../shared/statistics.ts';
import { sum } from '../../shared/sum.ts';
import { engineWork } from './engine-work.ts';
import type { PictureQuestion } from './questions.ts';

/** Answers of the training data are a word or two. */
const MAX_TOKENS = 16;

/** What a model said at one setting. */
export interface Answer {
  readonly text: string;
  readonly stats: AnswerStats;
}

function askJob(
  model: string,
  { image, question }: PictureQuestion,
  compressions: readonly string[],
  execution?: ExecutionMode,
): AskJob {
  const sampling = { temperature: 0, topP: 1, seed: 0 };
  const prompt = { images: [resolve(image)], question };
  return {
    kind: 'ask',
    model: resolve(model),
    ...prompt,
    compressions: [...compressions],
    maxTokens: MAX_TOKENS,
    ...sampling,
    ...(execution && { execution }),
  };
}

/**
 * A model's answers to one question at several settings, in their order. All are asked twice and the second answers count:
 * the first ones also pay for a process that has just begun.
 *
 * @throws DemoStopped where they are not all there
 */
export async function askAtAll(
  model: string,
  question: PictureQuestion,
  compressions: readonly string[],
  execution?: ExecutionMode,
): Promise<Answer[]> {
  const twice = [...compressions, ...compressions];
  const texts = twice.map(() => '');
  const answers: Answer[] = [];
  await engineWork(askJob(model, question, twice, execution), (message) => {
    if (message.type !== 'answer') return;
    const { event } = message;
    if (event.type === 'text') texts[event.index] = (texts[event.index] ?? '') + event.text;
    if (event.type === 'end') answers[event.index] = { text: (texts[event.index] ?? '').trim(), stats: event.stats };
  });
  return answers.slice(compressions.length);
}

const sameAnswer = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

const [ANSWER_WIDTH, RIGHT_WIDTH] = [16, 14];
const fitted = (text: string, width: number): string =>
  (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width);

/** The head of the table whose lines `answerLine` makes. */
export function answerHead(compressions: readonly string[], questionWidth: number): string {
  const settings = compressions.map((notation) => (notation === 'none' ? 'full' : notation).padEnd(ANSWER_WIDTH));
  return `${'question'.padEnd(questionWidth)}  ${'right answer'.padEnd(RIGHT_WIDTH)}  ${settings.join('  ')}`.trimEnd();
}

/** A question with its right answer and what was said at each setting, side by side. */
export function answerLine(
  { question, answer }: PictureQuestion,
  answers: readonly Answer[],
  questionWidth: number,
): string {
  const said = answers.map(({ text }) => fitted(`${sameAnswer(text, answer) ? '✓' : '✗'} ${text}`, ANSWER_WIDTH));
  return `${fitted(question, questionWidth)}  ${fitted(answer, RIGHT_WIDTH)}  ${said.join('  ')}`.trimEnd();
}

/** `1/8: 88 visual tokens over all layers, first token after 9.1 ms`: what the answers at one setting took on average. */
export function costLine(stats: readonly AnswerStats[]): string {
  const [first] = stats;
  const tokens = mean(stats.map(({ visualTokensPerLayer }) => sum(visualTokensPerLayer)));
  const firstToken = mean(stats.map(({ timeToFirstTokenMs }) => timeToFirstTokenMs));
  const name = first?.compression === 'none' ? 'full' : (first?.compression ?? '');
  const ratio = first ? `CR ${first.compressionRatio.toFixed(0)} %` : '';
  return `${name}: ${tokens.toFixed(0)} visual tokens over all layers (${ratio}), first token after ${firstToken.toFixed(1)} ms`;
}
