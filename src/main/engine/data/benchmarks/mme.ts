import { readFileSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { InputError } from '../../../../shared/errors.ts';
import type { BenchmarkQuestion, BenchmarkSource, Importer } from './importer.ts';
import { shortAnswer } from './prompts.ts';

/** Subtasks by what they test; their names are those of the folders. */
export const MME_SUBTASKS = {
  perception: [
    'existence',
    'count',
    'position',
    'color',
    'posters',
    'celebrity',
    'scene',
    'landmark',
    'artwork',
    'OCR',
  ],
  cognition: ['commonsense_reasoning', 'numerical_calculation', 'text_translation', 'code_reasoning'],
} as const;

const ALL: readonly string[] = [...MME_SUBTASKS.perception, ...MME_SUBTASKS.cognition];
const PICTURES = ['jpg', 'png', 'jpeg'];
/** LLaVA-1.5 puts its own prompt in its place. */
const OWN_PROMPT = / *Please answer yes or no\.$/;

/** Folders that hold a file, the nearest last. */
function subtaskOf(file: string): string | undefined {
  return dirname(file)
    .split(/[/\\]/)
    .slice(-2)
    .findLast((name) => ALL.includes(name));
}

function readLine(line: string, place: number, file: string): { question: string; answer: string; field: string } {
  const field = `line ${place + 1}`;
  const [question = '', answer = '', ...rest] = line.split('\t');
  const read = answer.trim().toLowerCase();
  if (question === '' || !['yes', 'no'].includes(read) || rest.length > 0) {
    throw new InputError({ file, field, value: line, rule: 'must be a question, a tab and Yes or No' });
  }
  return { question, answer: read, field };
}

/** The two questions about one picture. */
function* questionsOf(file: string, subtask: string, media: BenchmarkSource['media']): Generator<BenchmarkQuestion> {
  const lines = readFileSync(file, 'utf8')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  if (lines.length !== 2)
    throw new InputError({ file, value: lines.length, rule: 'must hold two lines, one a question' });
  const name = basename(file, extname(file));
  const paths = PICTURES.flatMap((ending) => [`${subtask}/${name}.${ending}`, `${subtask}/images/${name}.${ending}`]);
  for (const [place, line] of lines.entries()) {
    const { question, answer, field } = readLine(line, place, file);
    const image = media.image(paths, { file, field });
    const id = `${subtask}/${name}`;
    yield {
      file,
      field,
      id: `${id}-${place + 1}`,
      image,
      prompt: shortAnswer(question.replace(OWN_PROMPT, '')),
      answer,
      scoring: { id, question, media: basename(image), group: { id, size: 2 }, tags: { subtask } },
    };
  }
}

/** MME: the folder with a folder for each subtask, which holds pictures and beside each a text file of two questions. */
export const importMme: Importer = function* ({ files, media }) {
  const texts = files.filter((file) => /\.txt$/i.test(file) && subtaskOf(file) !== undefined);
  if (texts.length === 0) throw new InputError({ field: '--from', rule: 'must be the folder with MME’s subtasks' });
  for (const file of texts) yield* questionsOf(file, subtaskOf(file) as string, media);
};
