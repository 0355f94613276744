import { z } from 'zod';
import { optionLetter } from '../../../../shared/benchmark.ts';
import { InputError } from '../../../../shared/errors.ts';
import { checked, oneFile } from './foreign.ts';
import type { BenchmarkQuestion, BenchmarkSource, Importer } from './importer.ts';
import { multipleChoice } from './prompts.ts';
import { readTsv, type TsvRow } from './tsv.ts';

/** Rows of published files that are rotations have the number of their question plus a multiple of this. */
const ROTATION_OFFSET = 1_000_000;
const LETTERS = ['A', 'B', 'C', 'D', 'E', 'F'];
/** Shorter texts in the column `image` name the row whose picture is meant. */
const LONGEST_REFERENCE = 64;
const BASE64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/;

const rowSchema = z.looseObject({
  index: z.string().regex(/^\d{1,15}$/, 'must be a whole number'),
  question: z.string().min(1),
  image: z.string().min(1),
  A: z.string().min(1),
  B: z.string().min(1),
  answer: z.enum(LETTERS).optional(),
  hint: z.string().optional(),
  category: z.string().optional(),
  'l2-category': z.string().optional(),
});
type Row = z.infer<typeof rowSchema>;

/** pandas writes these where there is nothing. */
const isNothing = (text: string | undefined): boolean => text === undefined || /^(nan|none)$/i.test(text);

interface ReadRow {
  readonly row: Row;
  readonly index: number;
  readonly options: readonly string[];
  readonly file: string;
  readonly field: string;
}

function readRow({ line, cells }: TsvRow, file: string): ReadRow {
  const field = `line ${line}`;
  const row = checked(rowSchema, Object.fromEntries(cells), file, field);
  const options = LETTERS.map((letter) => cells.get(letter)).filter((text) => text !== undefined && !isNothing(text));
  if (row.answer !== undefined && LETTERS.indexOf(row.answer) >= options.length) {
    throw new InputError({ file, field: `${field}.answer`, value: row.answer, rule: 'must be one of its options' });
  }
  return { row, index: Number(row.index), options: options as string[], file, field };
}

/** Keeps the row's picture, or finds that of the row it names. */
function pictureOf({ row, index, file, field }: ReadRow, kept: Map<number, string>, source: BenchmarkSource): string {
  if (row.image.length <= LONGEST_REFERENCE && /^\d+$/.test(row.image)) {
    const path = kept.get(Number(row.image));
    if (path !== undefined) return path;
    throw new InputError({ file, field: `${field}.image`, value: row.image, rule: 'names no row above' });
  }
  if (!BASE64.test(row.image)) throw new InputError({ file, field: `${field}.image`, rule: 'must be base64' });
  const path = source.savePicture(`${index}.jpg`, Buffer.from(row.image, 'base64'));
  kept.set(index, path);
  return path;
}

/** The question with its options moved on by so many places, as circular evaluation asks it. */
function rotated(
  { row, index, options, file, field }: ReadRow,
  {
    turn,
    group,
    language,
    image,
  }: { turn: number; group: { id: string; size: number }; language: 'en' | 'cn'; image: string },
): BenchmarkQuestion {
  const moved = [...options.slice(turn), ...options.slice(0, turn)];
  const { length } = options;
  // What stood at the right answer's place has moved towards the front.
  const right = row.answer === undefined ? undefined : (LETTERS.indexOf(row.answer) - turn + length) % length;
  const id = index + turn * ROTATION_OFFSET;
  const { question, category, hint } = row;
  const tags = {
    ...(category !== undefined && { category }),
    ...(row['l2-category'] !== undefined && { ability: row['l2-category'] }),
  };
  return {
    ...{ file, field, id: String(id), image },
    prompt: multipleChoice({ ...(!isNothing(hint) && { context: hint }), question, options: moved }, language),
    answer: right === undefined ? undefined : optionLetter(right),
    scoring: { id, question, options: moved, group, tags },
  };
}

/** How many rows a file has of each question: one, or all rotations. */
function rowCounts(file: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { line, cells } of readTsv(file)) {
    const field = `line ${line}`;
    const index = Number(checked(rowSchema.shape.index, cells.get('index'), file, `${field}.index`)) % ROTATION_OFFSET;
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return counts;
}

/**
 * MMBench: the TSV with a picture in base64 in every row. Each question is asked once for every rotation of its options;
 * a file that holds the rotations already is taken as it is.
 */
export const importMmbench = (language: 'en' | 'cn'): Importer =>
  function* (source) {
    const file = oneFile(source.files, /\.tsv$/i, 'questions');
    const counts = rowCounts(file);
    const isRotated = [...counts.values()].some((count) => count > 1);
    const pictures = new Map<number, string>();
    for (const tsvRow of readTsv(file)) {
      const read = readRow(tsvRow, file);
      const image = pictureOf(read, pictures, source);
      const question = read.index % ROTATION_OFFSET;
      const size = isRotated ? (counts.get(question) ?? 1) : read.options.length;
      const group = { id: String(question), size };
      const turns = isRotated ? 1 : size;
      for (let turn = 0; turn < turns; turn++) yield rotated(read, { turn, group, language, image });
    }
  };
