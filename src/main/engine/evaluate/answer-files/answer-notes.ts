import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, format, parse } from 'node:path';
import { formatCompression, type Compression } from '../../../../shared/compression.ts';
import type { Question } from '../questions.ts';
import type { AnswerRow } from './answer-form.ts';
import { ANSWER_FORMS, plainForm } from './forms.ts';

/** `2/8:k-means` → `2-8-k-means`: as part of a file's name on every system. */
const asName = (text: string): string => text.replace(/[^\p{L}\p{N}-]+/gu, '-');

/** `answers.json` with the part `2-8` → `answers.2-8.json`. */
function named(file: string, parts: readonly string[]): string {
  const { dir, name, ext } = parse(file);
  return format({ dir, name: [name, ...parts.map(asName)].join('.'), ext });
}

/** The answers of an evaluation, kept for the files that a judge or server takes. */
export class AnswerNotes {
  private readonly file: string;
  private readonly byCompression: ReadonlyMap<Compression, AnswerRow[]>;

  /** @param file with several settings, each adds its notation to the name */
  constructor(file: string, compressions: readonly Compression[]) {
    this.file = file;
    this.byCompression = new Map(compressions.map((compression) => [compression, []]));
  }

  add(compression: Compression, { place, id, text, expected, scoring }: Question, answer: string): void {
    const rows = this.byCompression.get(compression);
    if (!rows) throw new Error('the setting is none of the evaluation');
    // Records have ids with the turn added; a benchmark's have one turn.
    rows[place] = { id, text, expected, scoring, answer: answer.trim() };
  }

  /** Writes the files. @param model its name */
  write(model: string): void {
    mkdirSync(dirname(this.file), { recursive: true });
    for (const [compression, kept] of this.byCompression) {
      // Questions that were not asked leave holes.
      const rows = kept.filter((row) => row !== undefined);
      const benchmark = rows[0]?.scoring?.benchmark;
      const form = benchmark === undefined ? plainForm : ANSWER_FORMS[benchmark];
      const setting = this.byCompression.size > 1 ? [formatCompression(compression)] : [];
      for (const { part, content } of form(rows, model)) {
        writeFileSync(named(this.file, [...setting, ...(part === undefined ? [] : [part])]), content);
      }
    }
  }
}
