import type { Scoring } from '../../../../shared/benchmark.ts';
import type { MediaFinder } from './media-finder.ts';
import type { Placed } from './foreign.ts';

/** One question of a benchmark, on its way to become a record. */
export interface BenchmarkQuestion extends Pick<Placed<unknown>, 'file' | 'field'> {
  /** Unique in the dataset. */
  readonly id: string;
  /** Path below the images folder; none of both where the question is text alone. */
  readonly image?: string | undefined;
  /** Folder of frames, or a video file. */
  readonly video?: string | undefined;
  /** What the model is asked, the benchmark's prompt included. */
  readonly prompt: string;
  /** Undefined where the publisher keeps it. */
  readonly answer: string | undefined;
  readonly scoring: Omit<Scoring, 'benchmark' | 'unpublished'>;
}

/** What an importer reads and where it may put pictures that are inside of an annotation file. */
export interface BenchmarkSource {
  /** Absolute paths of the files that were given, and of those in the folders that were. */
  readonly files: readonly string[];
  readonly media: MediaFinder;
  /** Keeps a picture. @returns its path below the images folder */
  savePicture(name: string, bytes: Uint8Array): string;
}

/** Reads the published files of a benchmark, question by question. @throws InputError naming file, field and rule */
export type Importer = (source: BenchmarkSource) => Iterable<BenchmarkQuestion>;

function counted(answers: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  return counts;
}

/** How often each answer was given. */
export const countAnswers = (answers: readonly string[]): Record<string, number> =>
  Object.fromEntries(counted(answers));

/** The answer that most people gave; of several the first. Undefined where there is none. */
export function mostCommon(answers: readonly string[]): string | undefined {
  const counts = counted(answers);
  const most = Math.max(...counts.values());
  return answers.find((answer) => counts.get(answer) === most);
}
