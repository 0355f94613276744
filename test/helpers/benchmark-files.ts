/** Small files in the published form of each benchmark; every record is made up. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Benchmark } from '../../src/shared/benchmark.ts';

/** Path below the folder → text, or JSON. */
type Files = Readonly<Record<string, unknown>>;

/** Ten people's answers. */
export const people = (counts: Readonly<Record<string, number>>): string[] =>
  Object.entries(counts).flatMap(([answer, count]) => Array.from({ length: count }, () => answer));

/** A white picture. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFUlEQVR4nGP8//8/AzbAhFV00EoAAFbUAw037MyjAAAAAElFTkSuQmCC';

const seedOptions = { choice_a: 'one', choice_b: 'two', choice_c: 'three', choice_d: 'four' };
const header = ['index', 'question', 'hint', 'A', 'B', 'C', 'D', 'answer', 'category', 'image', 'l2-category'];
const tsv = (...rows: string[][]): string => [header, ...rows].map((row) => row.join('\t')).join('\n') + '\n';

const mmbench = tsv(
  ['7', '"Which ""sign""\nis it?"', '', 'stop', 'go', 'turn', '', 'C', 'signs', PICTURE, 'reading'],
  ['9', 'Is it day?', 'Look up.', 'yes', 'no', 'nan', '', 'A', 'light', '7', 'scene'],
);

const videoQuestions: Files = {
  'test_q.json': [
    { video_name: 'run', question: 'who runs', question_id: 'v_run_1' },
    { video_name: 'run', question: 'is it day', question_id: 'v_run_2' },
  ],
  'test_a.json': [
    { answer: 'dog', type: 7, question_id: 'v_run_1' },
    { answer: 'yes', type: 3, question_id: 'v_run_2' },
  ],
};

/** The published files of each benchmark. */
export const PUBLISHED: Readonly<Record<Benchmark, Files>> = {
  gqa: {
    'testdev_balanced_questions.json': {
      '201': {
        imageId: 'n11',
        question: 'Is the cup red?',
        answer: 'yes',
        types: { structural: 'verify', semantic: 'attr' },
      },
      '202': {
        imageId: 'n11',
        question: 'What is on the desk?',
        answer: 'lamp',
        types: { structural: 'query', semantic: 'rel' },
      },
    },
  },
  vqav2: {
    'v2_OpenEnded_mscoco_val2014_questions.json': {
      info: { year: 2017 },
      questions: [
        { image_id: 42, question: 'What colour is the bus?', question_id: 42000 },
        { image_id: 42, question: 'How many wheels?', question_id: 42001 },
      ],
      data_subtype: 'val2014',
    },
    'v2_mscoco_val2014_annotations.json': {
      annotations: [
        {
          ...{ question_id: 42000, image_id: 42, answer_type: 'other', multiple_choice_answer: 'red' },
          answers: people({ red: 7, 'dark red': 2, Red: 1 }).map((answer, i) => ({ answer, answer_id: i + 1 })),
        },
        {
          ...{ question_id: 42001, image_id: 42, answer_type: 'number', multiple_choice_answer: '4' },
          answers: people({ '4': 8, '2': 2 }).map((answer, i) => ({ answer, answer_id: i + 1 })),
        },
      ],
    },
  },
  vizwiz: {
    'val.json': [
      {
        ...{ image: 'VW_1.jpg', question: 'What is this?', answer_type: 'unanswerable', answerable: 0 },
        answers: people({ unanswerable: 8, blurry: 2 }).map((answer) => ({ answer, answer_confidence: 'yes' })),
      },
    ],
  },
  textvqa: {
    'TextVQA_0.5.1_val.json': {
      dataset_type: 'val',
      data: [
        { question_id: 34602, image_id: 'abc', question: 'what brand?', answers: people({ acme: 9, 'acme co': 1 }) },
      ],
    },
  },
  scienceqa: {
    'problems.json': {
      '4': {
        ...{ question: 'Which is a solid?', choices: ['rock', 'milk'], answer: 0, hint: '', image: 'image.png' },
        ...{ split: 'test', subject: 'natural science', grade: 'grade4' },
      },
      '5': {
        ...{
          question: 'Which word is a verb?',
          choices: ['tree', 'run', 'red'],
          answer: 1,
          hint: 'Read it.',
          image: null,
        },
        ...{ split: 'test', subject: 'language science', grade: 'grade8' },
      },
      '6': {
        ...{ question: 'Left out?', choices: ['yes', 'no'], answer: 0, hint: '', image: null },
        ...{ split: 'train', subject: 'social science', grade: 'grade3' },
      },
    },
    'pid_splits.json': { train: ['6'], test: ['4', '5'] },
  },
  pope: {
    'coco_pope_random.json':
      '{"question_id": 1, "image": "p.jpg", "text": "Is there a cat in the image?", "label": "yes"}\n' +
      '{"question_id": 2, "image": "p.jpg", "text": "Is there a car in the image?", "label": "no"}\n',
    'coco_pope_popular.json':
      '{"question_id": 1, "image": "p.jpg", "text": "Is there a person in the image?", "label": "no"}\n' +
      '{"question_id": 2, "image": "p.jpg", "text": "Is there a cup in the image?", "label": "yes"}\n',
  },
  mme: {
    'existence/0001.txt':
      'Is there a dog? Please answer yes or no.\tYes\nIs there a fish? Please answer yes or no.\tNo\n',
    'code_reasoning/0002.txt': 'Is it C? Please answer yes or no.\tNo\nIs it Python? Please answer yes or no.\tYes\n',
  },
  mmbench: { 'mmbench_dev.tsv': mmbench },
  'mmbench-cn': { 'mmbench_dev_cn.tsv': mmbench },
  'seed-bench': {
    'SEED-Bench.json': {
      question_type: { 'Scene Understanding': 1, 'Action Recognition': 10 },
      questions: [
        {
          ...seedOptions,
          question_id: '101',
          question_type_id: 1,
          question: 'Where?',
          answer: 'C',
          data_id: 'pic_1',
          data_type: 'image',
        },
        {
          ...{ ...seedOptions, question_id: '102', question_type_id: 10, question: 'What is done?', answer: 'A' },
          ...{ data_id: 'clip.webm', data_type: 'video', segment: [1, 4] },
        },
      ],
    },
  },
  'mm-vet': {
    'mm-vet.json': {
      v1_0: { imagename: 'v1_0.png', question: 'What is x?', answer: '3<OR>three', capability: ['ocr', 'math'] },
    },
  },
  'llava-bench': {
    'questions.jsonl': '{"question_id": 0, "image": "001.jpg", "text": "Describe it.", "category": "detail"}\n',
  },
  'msvd-qa': {
    'test_qa.json': [{ id: 30, video_id: 4, question: 'who sings', answer: 'girl' }],
    'youtube_mapping.txt': 'abc_1_9 vid4\n',
  },
  'msrvtt-qa': { 'test_qa.json': [{ id: 50, video_id: 7010, question: 'what cooks', answer: 'man' }] },
  'activitynet-qa': videoQuestions,
};

/** Names of the pictures and videos of each, below its images folder. */
export const MEDIA: Readonly<Record<Benchmark, readonly string[]>> = {
  gqa: ['n11.jpg'],
  vqav2: ['COCO_val2014_000000000042.jpg'],
  vizwiz: ['VW_1.jpg'],
  textvqa: ['abc.jpg'],
  scienceqa: ['4/image.png'],
  pope: ['p.jpg'],
  mme: ['existence/0001.jpg', 'code_reasoning/0002.png'],
  mmbench: [],
  'mmbench-cn': [],
  'seed-bench': ['pic_1', '102.png'],
  'mm-vet': ['v1_0.png'],
  'llava-bench': ['001.jpg'],
  'msvd-qa': ['abc_1_9/1.png'],
  'msrvtt-qa': ['video7010/1.png'],
  'activitynet-qa': ['v_run/1.png', 'v_run/2.png'],
};

/** Writes files; what is no text becomes JSON. */
export function writeFiles(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

/** Writes a benchmark's pictures, all white. */
export function writeMedia(folder: string, benchmark: Benchmark): void {
  mkdirSync(folder, { recursive: true });
  for (const name of MEDIA[benchmark]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), Buffer.from(PICTURE, 'base64'));
  }
}
