import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../../../shared/errors.ts';
import type { SourceProgress } from '../../../../shared/dataset-source.ts';
import { archiveFiles } from './archive.ts';
import { provideDataset, type DatasetDescription, type DatasetManifest } from './dataset-folder.ts';
import { conversationRecord, toJsonLines, type QuestionAnswer } from './records.ts';
import { fetchWheel, type PinnedWheel, type WheelOptions } from './wheel.ts';

/** easy-VQA 1.0 by Victor Zhou, the only release. */
export const EASY_VQA_WHEEL: PinnedWheel = {
  package: 'easy-vqa',
  version: '1.0',
  file: 'easy_vqa-1.0-py3-none-any.whl',
  sha256: 'fcb51b309b78c7b00f97b64cdbcbcf5c105f94da1b39c0796cee5a787c4f650f',
};

const SPLITS = {
  train: { images: 4000, questions: 38575 },
  test: { images: 1000, questions: 9673 },
} as const;
type Split = keyof typeof SPLITS;

const OFFLINE_HINT =
  'Bring the wheel along and give it with --wheel, or make a dataset without any network: llavolta data get shapes';
const LICENCE_ENTRY = 'easy_vqa-1.0.dist-info/LICENSE';
const PICTURE_ENTRY = /^easy_vqa\/data\/(train|test)\/images\/(\d+\.png)$/;
const QUESTIONS_ENTRY = /^easy_vqa\/data\/(train|test)\/questions\.json$/;

const NOTE = `# easy-VQA

5,000 pictures of 64 x 64 pixels, each with one shape in one colour, and 48,248 questions about them, by Victor Zhou.
Source: the Python package \`easy-vqa\` 1.0 (https://github.com/vzhou842/easy-VQA), MIT licence, see LICENSE.

Converted to LLaVA conversations: one record per picture, all of its questions as turns, in the order of the package.
Pictures, questions and answers are unchanged. \`image\` is relative to \`images/\`. Fields and digests: manifest.json.
`;

/** [question, answer, picture number], as the package has them. */
const questionRows = z.array(z.tuple([z.string().min(1), z.string().min(1), z.int().min(0)]));

/**
 * easy-VQA as LLaVA conversations in `folder`: train.jsonl (4,000 records, 38,575 questions), test.jsonl
 * (1,000, 9,673) and images/{train,test}/N.png. Downloaded once; a folder that is sound is left as it is.
 * @throws InputError when the package cannot be had or is not the pinned one, or `folder` holds something else.
 */
export async function getEasyVqa(
  options: { readonly folder: string; readonly replace?: boolean; readonly wheel?: string } & Pick<
    WheelOptions,
    'cache' | 'pips'
  >,
  onProgress: (progress: SourceProgress) => void = () => {},
): Promise<{ manifest: DatasetManifest; reused: boolean }> {
  const request = {
    folder: options.folder,
    dataset: 'easy-vqa',
    made: { package: EASY_VQA_WHEEL.package, version: EASY_VQA_WHEEL.version, sha256: EASY_VQA_WHEEL.sha256 },
    replace: options.replace ?? false,
  };
  return provideDataset(request, async (folder) => {
    onProgress({ phase: 'download', done: 0, total: 1 });
    const { wheel: file, cache, pips } = options;
    const wheel = await fetchWheel(EASY_VQA_WHEEL, { file, cache, pips, hint: OFFLINE_HINT });
    onProgress({ phase: 'download', done: 1, total: 1 });
    const splits = await convertWheel(wheel, folder, onProgress);
    return { dataset: request.dataset, made: request.made, licence: 'MIT', splits };
  });
}

async function convertWheel(
  wheel: string,
  folder: string,
  onProgress: (progress: SourceProgress) => void,
): Promise<DatasetDescription['splits']> {
  const pictures: Record<Split, Set<string>> = { train: new Set(), test: new Set() };
  const questions: Partial<Record<Split, Map<number, QuestionAnswer[]>>> = {};
  for (const split of ['train', 'test']) await mkdir(join(folder, 'images', split), { recursive: true });

  const total = SPLITS.train.images + SPLITS.test.images;
  let done = 0;
  for await (const file of archiveFiles(wheel)) {
    const picture = PICTURE_ENTRY.exec(file.name);
    const list = QUESTIONS_ENTRY.exec(file.name);
    if (picture) {
      const [split, name] = [picture[1] as Split, picture[2] as string];
      await writeFile(join(folder, 'images', split, name), await file.read());
      pictures[split].add(name);
      if (++done % 250 === 0) onProgress({ phase: 'unpack', done, total });
    } else if (list) {
      questions[list[1] as Split] = parseQuestions(file.name, await file.read());
    } else if (file.name === LICENCE_ENTRY) {
      await writeFile(join(folder, 'LICENSE'), await file.read());
    }
  }
  await writeFile(join(folder, 'SOURCE.md'), NOTE);
  return {
    train: await writeSplit(folder, 'train', pictures.train, questions.train),
    test: await writeSplit(folder, 'test', pictures.test, questions.test),
  };
}

/** Questions by picture number, in file order. */
function parseQuestions(file: string, content: Buffer): Map<number, QuestionAnswer[]> {
  const byPicture = new Map<number, QuestionAnswer[]>();
  for (const [question, answer, picture] of questionRows.parse(JSON.parse(content.toString('utf8')))) {
    const questions = byPicture.get(picture) ?? [];
    questions.push({ question, answer });
    byPicture.set(picture, questions);
  }
  if (byPicture.size === 0) throw new InputError({ file, rule: 'must hold questions' });
  return byPicture;
}

async function writeSplit(
  folder: string,
  split: Split,
  pictures: ReadonlySet<string>,
  questions: ReadonlyMap<number, QuestionAnswer[]> = new Map(),
): Promise<DatasetDescription['splits'][string]> {
  const numbers = [...questions.keys()].sort((a, b) => a - b);
  const missing = numbers.find((number) => !pictures.has(`${number}.png`));
  const count = numbers.reduce((sum, number) => sum + (questions.get(number)?.length ?? 0), 0);
  const expected = SPLITS[split];
  if (missing !== undefined || pictures.size !== expected.images || count !== expected.questions) {
    const rule = `must hold ${expected.images} pictures and ${expected.questions} questions in split ${split}`;
    throw new InputError({
      file: EASY_VQA_WHEEL.file,
      rule,
      value: { pictures: pictures.size, questions: count, missing },
    });
  }
  const records = numbers.map((number) =>
    conversationRecord(`${split}-${number}`, { image: `${split}/${number}.png` }, questions.get(number) ?? []),
  );
  await writeFile(join(folder, `${split}.jsonl`), toJsonLines(records));
  return { records: records.length, images: pictures.size, questions: count };
}
