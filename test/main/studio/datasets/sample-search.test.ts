import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { indexDataset } from '../../../../src/main/engine/data/dataset-index.ts';
import { DatasetIndex } from '../../../../src/main/studio/datasets/dataset-index.ts';
import { SampleSearch, type SampleFilters } from '../../../../src/main/studio/datasets/sample-search.ts';

const PATIENCE_MS = 10_000;

const line = (id: string, question: string, answer = '"yes"'): string =>
  `{"id": ${id}, "conversations": [{"from": "human", "value": ${question}}, {"from": "gpt", "value": ${answer}}]}`;
/** JSON that writes its texts in other ways than they are shown. */
const LINES = [
  line('"plain"', '"What is RED here?"'),
  line('"escaped"', String.raw`"A caf\u00e9 of \"Rot\""`),
  line('1e3', '"Which number?"'),
  line('"broken red"', '""', '""'),
  line('"last"', '"Blue"', String.raw`"C:\\red"`),
];
const folder = mkdtempSync(join(tmpdir(), 'llavolta-search-'));
let index: DatasetIndex;

beforeAll(async () => {
  const file = join(folder, 'train.jsonl');
  writeFileSync(file, `${LINES.join('\n')}\n`);
  await indexDataset({ kind: 'index', file, folder: join(folder, 'index') }, () => undefined);
  index = await DatasetIndex.open(join(folder, 'index'));
});
afterAll(async () => {
  await index.close();
  rmSync(folder, { recursive: true });
});

async function found(filters: SampleFilters): Promise<readonly number[]> {
  const search = new SampleSearch(index, filters, () => Promise.resolve([]));
  await search.until(Infinity, PATIENCE_MS);
  return search.records;
}

test.each([
  ['a text in other letters', { text: 'red' }, [0, 3, 4]],
  ['a letter that the file writes as an escape', { text: 'CAFÉ' }, [1]],
  ['quotation marks', { text: '"rot"' }, [1]],
  ['an id that is a number, as it is shown', { text: '1000' }, [2]],
  ['a backslash', { answer: 'c:\\RED' }, [4]],
  ['an answer that is the text exactly', { answerIs: 'yes' }, [0, 1, 2]],
  ['what only the file says in broken records alone', { text: 'conversations' }, [3]],
] satisfies [string, SampleFilters, number[]][])('finds %s', async (_, filters, expected) => {
  expect(await found(filters)).toEqual(expected);
});

test('a page of records that do not lie together is read as one that does', async () => {
  const texts = async (records: number[]): Promise<string[]> => (await index.readSome(records)).map(({ text }) => text);
  expect(await texts([1, 2, 3])).toEqual(LINES.slice(1, 4));
  expect(await texts([0, 4])).toEqual([LINES[0], LINES[4]]);
  expect(await texts([])).toEqual([]);
});
