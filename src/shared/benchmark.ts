import { z } from 'zod';

/** Published benchmarks that can be imported, by the names of the command line. */
export const BENCHMARKS = [
  'gqa',
  'vqav2',
  'vizwiz',
  'textvqa',
  'scienceqa',
  'pope',
  'mme',
  'mmbench',
  'mmbench-cn',
  'seed-bench',
  'mm-vet',
  'llava-bench',
  'msvd-qa',
  'msrvtt-qa',
  'activitynet-qa',
] as const;
export const benchmarkSchema = z.enum(BENCHMARKS);
export type Benchmark = (typeof BENCHMARKS)[number];

/** What people call them. */
export const BENCHMARK_TITLES: Readonly<Record<Benchmark, string>> = {
  gqa: 'GQA',
  vqav2: 'VQAv2',
  vizwiz: 'VizWiz',
  textvqa: 'TextVQA',
  scienceqa: 'ScienceQA',
  pope: 'POPE',
  mme: 'MME',
  mmbench: 'MMBench',
  'mmbench-cn': 'MMBench-CN',
  'seed-bench': 'SEED-Bench',
  'mm-vet': 'MM-Vet',
  'llava-bench': 'LLaVA-Bench',
  'msvd-qa': 'MSVD-QA',
  'msrvtt-qa': 'MSRVTT-QA',
  'activitynet-qa': 'ActivityNet-QA',
};

/** The files to bring of each, as their publishers name them. */
export const BENCHMARK_FILES: Readonly<Record<Benchmark, string>> = {
  gqa: 'testdev_balanced_questions.json or val_balanced_questions.json',
  vqav2: 'v2_OpenEnded_mscoco_…_questions.json and v2_mscoco_…_annotations.json of one split',
  vizwiz: 'val.json or test.json',
  textvqa: 'TextVQA_0.5.1_val.json',
  scienceqa: 'problems.json and pid_splits.json',
  pope: 'coco_pope_random.json, coco_pope_popular.json and coco_pope_adversarial.json',
  mme: 'the folder with a folder for each subtask; pictures are in it',
  mmbench: 'mmbench_dev_en.tsv or MMBench_DEV_EN.tsv; pictures are in it',
  'mmbench-cn': 'mmbench_dev_cn.tsv or MMBench_DEV_CN.tsv; pictures are in it',
  'seed-bench': 'SEED-Bench.json',
  'mm-vet': 'mm-vet.json',
  'llava-bench': 'questions.jsonl',
  'msvd-qa': 'test_qa.json with youtube_mapping.txt, or test_q.json and test_a.json',
  'msrvtt-qa': 'test_qa.json, or test_q.json and test_a.json',
  'activitynet-qa': 'test_q.json and test_a.json',
};

/** Benchmarks that come with their pictures, so that no other folder is needed. */
export const PICTURES_INSIDE: readonly Benchmark[] = ['mme', 'mmbench', 'mmbench-cn'];

/** Benchmarks whose answers a language model outside judges: there is an answer file and no score. */
export const JUDGED_OUTSIDE: readonly Benchmark[] = ['mm-vet', 'llava-bench'];

const text = z.string();

/**
 * The field `scoring` of a record: what the benchmark's own rule needs to know about the question besides its right
 * answer. Records are cut out of files, mixed and drawn; so each carries its own.
 */
export const scoringSchema = z.strictObject({
  benchmark: benchmarkSchema,
  /** The question's id in the published file, of its type. */
  id: z.union([text, z.int()]),
  /** The question in the words of the published file, without the prompt. */
  question: text.optional(),
  /** What people answered, in their words → how many of them did. */
  answers: z.record(text, z.int().min(1)).optional(),
  /** Texts of the options A, B, C … */
  options: z.array(text).optional(),
  /** Questions that count together: both of an MME image, all rotations of an MMBench question. */
  group: z.strictObject({ id: text, size: z.int().min(1) }).optional(),
  /** What results are split by: kind of question → its name, e.g. `subject` → `natural science`. */
  tags: z.record(text, text).optional(),
  /** Name of the picture or video in the published file. */
  media: text.optional(),
  /** True = the publisher keeps the right answer: there is an answer file and no score. */
  unpublished: z.literal(true).optional(),
});
export type Scoring = z.infer<typeof scoringSchema>;

/** Stands where a record must have an answer and the publisher keeps it. */
export const UNPUBLISHED_ANSWER = '(not published)';

/** A, B, C … for options. */
export const optionLetter = (place: number): string => String.fromCharCode('A'.charCodeAt(0) + place);
