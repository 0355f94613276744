import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importBenchmark } from '../../../../../src/main/engine/data/benchmarks/import-benchmark.ts';
import { readDataset } from '../../../../../src/main/engine/data/dataset-reader.ts';
import { BENCHMARKS, scoringSchema, type Benchmark, type Scoring } from '../../../../../src/shared/benchmark.ts';
import { PUBLISHED, writeFiles, writeMedia } from '../../../../helpers/benchmark-files.ts';
import { temporaryFolder } from '../../../../helpers/temporary-folder.ts';

interface Imported {
  readonly id: string;
  readonly image?: string;
  readonly video?: string;
  readonly conversations: readonly { readonly value: string }[];
  readonly scoring: Scoring;
}

interface Prepared {
  readonly from: string;
  readonly images: string;
  readonly folder: string;
}

/** Files of the published form in a new folder, with some of them others. */
function prepare(benchmark: Benchmark, others: Readonly<Record<string, unknown>> = {}): Prepared {
  const root = temporaryFolder();
  const [from, images] = [join(root, 'from'), join(root, 'images')];
  writeFiles(from, { ...PUBLISHED[benchmark], ...others });
  writeMedia(images, benchmark);
  return { from, images, folder: join(root, 'to') };
}

async function imported(benchmark: Benchmark, others?: Readonly<Record<string, unknown>>): Promise<Imported[]> {
  const { from, images, folder } = prepare(benchmark, others);
  await importBenchmark({ benchmark, from: [from], images, folder });
  const lines = readFileSync(join(folder, 'questions.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Imported);
}

const asked = ({ conversations }: Imported): string => conversations[0]!.value;
const right = ({ conversations }: Imported): string => conversations[1]!.value;
const SHORT = 'Answer the question using a single word or phrase.';
const LETTER = "Answer with the option's letter from the given choices directly.";

describe('an imported benchmark', () => {
  it.each(BENCHMARKS)('%s is a sound dataset whose records say how they are scored', async (benchmark) => {
    const { from, images, folder } = prepare(benchmark);
    const { manifest } = await importBenchmark({ benchmark, from: [from], images, folder });
    const file = join(folder, 'questions.jsonl');
    const { samples, broken } = readDataset(file);
    expect(broken).toEqual([]);
    expect(samples.length).toBe(manifest.splits['questions']!.records);
    expect(samples.length).toBeGreaterThan(0);
    samples.close();
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
      expect(scoringSchema.parse((JSON.parse(line) as Imported).scoring).benchmark).toBe(benchmark);
    }
  });

  it('is left as it is until its files change', async () => {
    const { from, images, folder } = prepare('gqa');
    const request = { benchmark: 'gqa', from: [from], images, folder } as const;
    expect((await importBenchmark(request)).reused).toBe(false);
    expect((await importBenchmark(request)).reused).toBe(true);
    writeFiles(from, {
      'testdev_balanced_questions.json': { '1': { imageId: 'n11', question: 'Why?', answer: 'no' } },
    });
    await expect(importBenchmark(request)).rejects.toThrow('made with other options');
    expect((await importBenchmark({ ...request, replace: true })).manifest.splits['questions']!.records).toBe(1);
  });
});

describe('the records of', () => {
  it('GQA ask for a word or phrase', async () => {
    const [cup, desk] = await imported('gqa');
    expect(cup).toMatchObject({ id: '201', image: 'n11.jpg' });
    expect(asked(cup!)).toBe(`<image>\nIs the cup red?\n${SHORT}`);
    expect(right(desk!)).toBe('lamp');
    expect(desk!.scoring.tags).toEqual({ structural: 'query', semantic: 'rel' });
  });

  it('VQAv2 have all ten answers, and none where there are no annotations', async () => {
    const [bus] = await imported('vqav2');
    expect(bus).toMatchObject({ id: '42000', image: 'COCO_val2014_000000000042.jpg' });
    expect(bus!.scoring).toMatchObject({
      id: 42000,
      answers: { red: 7, 'dark red': 2, Red: 1 },
      tags: { answer: 'other' },
    });
    const { from, images, folder } = prepare('vqav2');
    rmSync(join(from, 'v2_mscoco_val2014_annotations.json'));
    await importBenchmark({ benchmark: 'vqav2', from: [from], images, folder });
    const text = readFileSync(join(folder, 'questions.jsonl'), 'utf8').split('\n')[0]!;
    expect(JSON.parse(text)).toMatchObject({
      scoring: { unpublished: true },
      conversations: [{}, { value: '(not published)' }],
    });
  });

  it('VizWiz say when not to answer, and take what most people said', async () => {
    const [blurry] = await imported('vizwiz');
    expect(asked(blurry!)).toBe(
      `<image>\nWhat is this?\nWhen the provided information is insufficient, respond with 'Unanswerable'.\n${SHORT}`,
    );
    expect(right(blurry!)).toBe('unanswerable');
  });

  it('ScienceQA are the test split, with a picture or text alone', async () => {
    const [solid, verb, ...more] = await imported('scienceqa');
    expect(more).toEqual([]);
    expect(asked(solid!)).toBe(`<image>\nWhich is a solid?\nA. rock\nB. milk\n${LETTER}`);
    expect(solid).toMatchObject({
      image: '4/image.png',
      scoring: { tags: { subject: 'NAT', image: 'IMG', grade: 'G1-6' } },
    });
    expect(asked(verb!)).toBe(`Context: Read it.\nWhich word is a verb?\nA. tree\nB. run\nC. red\n${LETTER}`);
    expect([verb!.image, right(verb!)]).toEqual([undefined, 'B']);
    expect(verb!.scoring.tags).toEqual({ subject: 'LAN', hint: 'TXT', grade: 'G7-12' });
  });

  it('POPE are told apart by setting', async () => {
    const records = await imported('pope');
    expect(records.map(({ id, scoring }) => [id, scoring.tags])).toEqual([
      ['random-1', { setting: 'random' }],
      ['random-2', { setting: 'random' }],
      ['popular-1', { setting: 'popular' }],
      ['popular-2', { setting: 'popular' }],
    ]);
  });

  it('MME are pairs, without the prompt of their own', async () => {
    const [isC, isPython, dog] = await imported('mme');
    expect(asked(isC!)).toBe(`<image>\nIs it C?\n${SHORT}`);
    expect(isPython!.scoring).toMatchObject({
      group: { id: 'code_reasoning/0002', size: 2 },
      question: 'Is it Python? Please answer yes or no.',
    });
    expect([dog!.image, right(dog!)]).toEqual(['existence/0001.jpg', 'yes']);
  });

  it('MMBench are all rotations of the options', async () => {
    const records = await imported('mmbench');
    expect(records.map(({ id, scoring }) => [id, scoring.options!.join(), scoring.group])).toEqual([
      ['7', 'stop,go,turn', { id: '7', size: 3 }],
      ['1000007', 'go,turn,stop', { id: '7', size: 3 }],
      ['2000007', 'turn,stop,go', { id: '7', size: 3 }],
      ['9', 'yes,no', { id: '9', size: 2 }],
      ['1000009', 'no,yes', { id: '9', size: 2 }],
    ]);
    // The right option, `turn` and `yes`, keeps being the right one.
    expect(records.map(right)).toEqual(['C', 'B', 'A', 'A', 'B']);
    expect(asked(records[0]!)).toBe(`<image>\nWhich "sign"\nis it?\nA. stop\nB. go\nC. turn\n${LETTER}`);
    expect(asked(records[3]!)).toBe(`<image>\nLook up.\nIs it day?\nA. yes\nB. no\n${LETTER}`);
    expect(records[3]!.image).toBe('7.jpg');
    expect(asked((await imported('mmbench-cn'))[3]!)).toContain('请直接回答选项字母。');
  });

  it('MMBench are taken as they are where the file has the rotations', async () => {
    const [head, first] = (PUBLISHED.mmbench['mmbench_dev.tsv'] as string).split(/\n(?=index|\d)/);
    const turned = first!.replace(/^7/, '1000007').replace('stop\tgo\tturn\t\tC', 'go\tturn\tstop\t\tB');
    const records = await imported('mmbench', { 'mmbench_dev.tsv': `${head}\n${first}\n${turned}\n` });
    expect(records.map(({ id, scoring }) => [id, scoring.group])).toEqual([
      ['7', { id: '7', size: 2 }],
      ['1000007', { id: '7', size: 2 }],
    ]);
  });

  it('SEED-Bench are pictures and parts of videos', async () => {
    const [where, done] = await imported('seed-bench');
    expect(where).toMatchObject({
      image: 'pic_1',
      scoring: { tags: { medium: 'image', dimension: 'Scene Understanding' } },
    });
    expect(done).toMatchObject({
      image: '102.png',
      scoring: { tags: { medium: 'video', dimension: 'Action Recognition' } },
    });
    expect(right(where!)).toBe('C');
  });

  it('MM-Vet and LLaVA-Bench stand without a prompt', async () => {
    const [vet] = await imported('mm-vet');
    expect([asked(vet!), right(vet!)]).toEqual(['<image>\nWhat is x?', '3<OR>three']);
    const [bench] = await imported('llava-bench');
    expect(asked(bench!)).toBe('<image>\nDescribe it.');
    expect(bench!.scoring.unpublished).toBe(true);
  });

  it('video questions name a folder of frames, or a file; of ActivityNet with the letter that its files begin with', async () => {
    expect((await imported('msvd-qa'))[0]).toMatchObject({ id: '30', video: 'abc_1_9' });
    expect((await imported('msrvtt-qa'))[0]).toMatchObject({ id: '50', video: 'video7010' });
    const [runs, day] = await imported('activitynet-qa');
    expect(runs).toMatchObject({ video: 'v_run', scoring: { tags: { type: '7' } } });
    expect(right(day!)).toBe('yes');
  });
});

describe('bad files', () => {
  const gqa = (record: unknown): Readonly<Record<string, unknown>> => ({
    'testdev_balanced_questions.json': { '5': record },
  });
  const vqaAnnotations = 'v2_mscoco_val2014_annotations.json';
  it.each<[Benchmark, Readonly<Record<string, unknown>>, RegExp]>([
    ['gqa', gqa({ question: 'Why?', answer: 'no' }), /questions\.json: 5\.imageId: is missing: it must be text/],
    ['gqa', gqa({ question: 'Why?', imageId: 'n12' }), /5: its picture is not in .*images \(found "n12\.jpg"\)/],
    ['gqa', gqa({ question: 'Why?', imageId: '../n11' }), /leaves the images folder/],
    ['gqa', { 'testdev_balanced_questions.json': '{"5": {"question": ' }, /line 1: .*(ends early|not valid)/],
    ['gqa', { 'more.json': {} }, /--from: there are 2 files of questions/],
    ['vqav2', { [vqaAnnotations]: { annotations: [] } }, /annotations\.json: annotations: is missing or empty/],
    [
      'vizwiz',
      { 'val.json': [{ image: 'VW_1.jpg', question: 7 }] },
      /val\.json: record 0 \(line 1\)\.question: must be text \(found 7\)/,
    ],
    [
      'pope',
      { 'coco_pope_random.json': '{"question_id": 1, "image": "p.jpg", "text": "?", "label": "maybe"}\n'.repeat(2) },
      /label: must be one of yes, no/,
    ],
    [
      'mme',
      { 'existence/0001.txt': 'Is there a dog?\tPerhaps\nIs there a cat?\tNo\n' },
      /0001\.txt: line 1: must be a question, a tab and Yes or No/,
    ],
    ['mme', { 'existence/0001.txt': 'Is there a dog?\tYes\n' }, /must hold two lines/],
    ['mmbench', { 'mmbench_dev.tsv': 'index\tquestion\n1\n' }, /line 2: must have 2 cells/],
    [
      'mmbench',
      { 'mmbench_dev.tsv': 'index\tquestion\tA\tB\tanswer\timage\n1\tq\tx\ty\tC\tAAAA\n' },
      /line 2\.answer: must be one of its options/,
    ],
    ['mmbench', { 'mmbench_dev.tsv': 'index\tquestion\n1\t"open\n' }, /line 2: ends inside of quotes/],
    ['activitynet-qa', { 'test_a.json': [{ answer: 'a', question_id: 'other' }] }, /\.question_id: has no answer in/],
    ['llava-bench', { 'questions.jsonl': '' }, /is empty/],
  ])('of %s are refused: %#', async (benchmark, others, message) => {
    await expect(imported(benchmark, others)).rejects.toThrow(message);
    await expect(imported(benchmark, others)).rejects.toHaveProperty('name', 'InputError');
  });

  it('a missing picture is left out where that is wanted', async () => {
    const others = {
      'testdev_balanced_questions.json': {
        '1': { imageId: 'n11', question: 'a?' },
        '2': { imageId: 'n12', question: 'b?' },
      },
    };
    const { from, images, folder } = prepare('gqa', others);
    const { leftOut, manifest } = await importBenchmark({
      benchmark: 'gqa',
      from: [from],
      images,
      folder,
      skipMissing: true,
    });
    expect([leftOut, manifest.splits['questions']!.records]).toEqual([1, 1]);
  });
});
