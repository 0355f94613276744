import { z } from 'zod';
import { optionLetter } from '../../../../shared/benchmark.ts';
import { oneFile, listOf, singleValues, checked, type Placed } from './foreign.ts';
import type { BenchmarkQuestion, BenchmarkSource, Importer } from './importer.ts';
import { multipleChoice } from './prompts.ts';

const OPTIONS = ['choice_a', 'choice_b', 'choice_c', 'choice_d'] as const;

const recordSchema = z.looseObject({
  question_id: z.union([z.string().min(1), z.int()]),
  question_type_id: z.int(),
  question: z.string().min(1),
  choice_a: z.string(),
  choice_b: z.string(),
  choice_c: z.string(),
  choice_d: z.string(),
  answer: z.enum(['A', 'B', 'C', 'D']),
  data_id: z.string().min(1),
  data_type: z.enum(['image', 'video']),
});
type SeedRecord = z.infer<typeof recordSchema>;

const FRAME_ENDINGS = ['png', 'jpg'];

/** Names of the dimensions by number. */
function dimensionsOf(file: string): Map<number, string> {
  const types = checked(z.record(z.string(), z.int()), singleValues(file).get('question_type'), file, 'question_type');
  return new Map(Object.entries(types).map(([name, number]) => [number, name]));
}

/** A picture; of a video the part that is asked about: one frame QUESTION.png, or a folder QUESTION of frames. */
function mediaOf(
  { record, ...at }: Placed<SeedRecord>,
  media: BenchmarkSource['media'],
): { image?: string; video?: string } {
  const { data_id, data_type, question_id } = record;
  if (data_type === 'image') {
    const folders = ['', 'SEED-Bench-image/'];
    return {
      image: media.image(
        folders.flatMap((folder) => [`${folder}${data_id}`, `${folder}${data_id}.jpg`]),
        at,
      ),
    };
  }
  const places = ['', 'SEED-Bench-video-image/'].map((folder) => `${folder}${question_id}`);
  const folder = places.find((path) => media.has(path));
  if (folder !== undefined) return { video: folder };
  return {
    image: media.image(
      places.flatMap((path) => FRAME_ENDINGS.map((ending) => `${path}.${ending}`)),
      at,
    ),
  };
}

function asQuestion(
  placed: Placed<SeedRecord>,
  names: Map<number, string>,
  media: BenchmarkSource['media'],
): BenchmarkQuestion {
  const { record, file, field } = placed;
  const { question, question_id, question_type_id, answer, data_id, data_type } = record;
  const options = OPTIONS.map((name) => record[name]);
  const dimension = names.get(question_type_id) ?? `dimension ${question_type_id}`;
  return {
    ...{ file, field },
    id: String(question_id),
    ...mediaOf(placed, media),
    prompt: multipleChoice({ question, options }),
    answer: optionLetter('ABCD'.indexOf(answer)),
    scoring: { id: question_id, question, options, media: data_id, tags: { medium: data_type, dimension } },
  };
}

/** SEED-Bench: `SEED-Bench.json` with questions about pictures and about parts of videos. */
export const importSeedBench: Importer = function* ({ files, media }) {
  const file = oneFile(files, /\.json$/i, 'questions');
  const names = dimensionsOf(file);
  for (const placed of listOf(file, 'questions', recordSchema)) yield asQuestion(placed, names, media);
};
