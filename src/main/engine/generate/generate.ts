import type { Random } from '../../../shared/random.ts';
import { greedyTokens, nextToken, type Sampling } from './sampling.ts';
import type { Session } from './session.ts';

/** When an answer ends. */
export interface AnswerLimits {
  readonly maxTokens: number;
  /** Tokens that end an answer; they are not part of it. */
  readonly stopIds: ReadonlySet<number>;
}

export interface GenerateOptions extends AnswerLimits {
  readonly sampling: Sampling;
  readonly random: Random;
  /** Ends the answer after the token at hand. */
  readonly signal?: AbortSignal;
}

/** A token of the answer, or why it ended: at a stop token, at the limit, or because it was told to. */
export type GenerationEvent =
  | { readonly type: 'token'; readonly id: number }
  | { readonly type: 'end'; readonly reason: 'stop' | 'length' | 'aborted' };

/** Lets messages and timers come in: computation blocks them. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The token behind `previous`, or behind the prompt. */
function following(session: Session, previous: number | undefined, { sampling, random }: GenerateOptions): number {
  if (previous === undefined) {
    if (!session.promptLogits) throw new Error('the session was made without logits of its prompt');
    return nextToken(session.promptLogits, sampling, random);
  }
  const logits = session.extend(Int32Array.of(previous));
  try {
    return nextToken(logits, sampling, random);
  } finally {
    logits.dispose();
  }
}

/**
 * Answers the session's only prompt, token by token. Each token is one read from the device. The session stays the
 * caller's, who may leave at any event.
 */
export async function* generate(session: Session, options: GenerateOptions): AsyncGenerator<GenerationEvent> {
  let previous: number | undefined;
  for (let count = 0; count < options.maxTokens; count++) {
    if (options.signal?.aborted) {
      yield { type: 'end', reason: 'aborted' };
      return;
    }
    const id = following(session, previous, options);
    if (options.stopIds.has(id)) {
      yield { type: 'end', reason: 'stop' };
      return;
    }
    yield { type: 'token', id };
    previous = id;
    await breathe();
  }
  yield { type: 'end', reason: 'length' };
}

/**
 * Greedy answers of all rows of a session at once.
 *
 * @param first the first token of each row
 * @returns token ids of each row, without the stop token
 */
export function greedyAnswers(session: Session, first: Int32Array, { maxTokens, stopIds }: AnswerLimits): number[][] {
  const answers: number[][] = Array.from({ length: session.rows }, () => []);
  const done = answers.map(() => false);
  let ids = first;
  for (let count = 0; ;) {
    answers.forEach((answer, row) => {
      const id = ids[row] as number;
      if (stopIds.has(id)) done[row] = true;
      if (!done[row]) answer.push(id);
    });
    if (++count >= maxTokens || done.every(Boolean)) return answers;
    const logits = session.extend(ids);
    ids = greedyTokens(logits);
    logits.dispose();
  }
}
