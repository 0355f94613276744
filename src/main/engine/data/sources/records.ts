/** A question with its answer. */
export interface QuestionAnswer {
  readonly question: string;
  readonly answer: string;
}

/** One line of a LLaVA JSONL file, as the sources here write it. */
export interface SourceRecord {
  readonly id: string;
  readonly image?: string;
  readonly video?: string;
  readonly conversations: readonly { readonly from: 'human' | 'gpt'; readonly value: string }[];
}

/**
 * All questions about one picture or clip as the turns of one conversation; the first turn carries the placeholder.
 * Without media they are text alone.
 */
export function conversationRecord(
  id: string,
  media: { readonly image: string } | { readonly video: string } | undefined,
  questions: readonly QuestionAnswer[],
): SourceRecord {
  const conversations = questions.flatMap(({ question, answer }, turn) => [
    { from: 'human' as const, value: turn === 0 && media ? `<image>\n${question}` : question },
    { from: 'gpt' as const, value: answer },
  ]);
  return { id, ...media, conversations };
}

/** The text of a JSONL file: one record a line, each line ended. */
export function toJsonLines(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}
