import type { ScoredQuestion } from '../scorers/scorer.ts';

/** What was answered to a question. */
export interface AnswerRow extends ScoredQuestion {
  /** Of the record. */
  readonly id: string;
  /** What the model was asked. */
  readonly text: string;
  readonly answer: string;
}

/** One file of a form; a form of several names each. */
export interface AnswerFile {
  readonly part?: string;
  readonly content: string;
}

/** How answers are handed over. @param model its name, where the form wants one */
export type AnswerForm = (rows: readonly AnswerRow[], model: string) => AnswerFile[];

/** The question's id in the published file. */
export const idOf = ({ id, scoring }: AnswerRow): string | number => scoring?.id ?? id;

/** The question in the published file's words. */
export const questionOf = ({ text, scoring }: AnswerRow): string => scoring?.question ?? text;

export const jsonFile = (value: unknown): AnswerFile[] => [{ content: `${JSON.stringify(value, null, 2)}\n` }];

export const jsonLinesFile = (values: readonly unknown[]): AnswerFile => ({
  content: values.map((value) => `${JSON.stringify(value)}\n`).join(''),
});

/** Rows by a tag, in the order in which its values come. */
export function byTag(rows: readonly AnswerRow[], tag: string): Map<string, AnswerRow[]> {
  const groups = new Map<string, AnswerRow[]>();
  for (const row of rows) {
    const value = row.scoring?.tags?.[tag] ?? '';
    const group = groups.get(value);
    if (group) group.push(row);
    else groups.set(value, [row]);
  }
  return groups;
}
