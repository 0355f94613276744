import { CONVERSATION_CHOICES } from './conversation.ts';
import { z } from 'zod';
import { benchmarkSchema } from './benchmark.ts';
import { frameSamplingSchema } from './frames.ts';
import { brokenSampleSchema, MODALITIES } from './dataset.ts';

/** Settings of the shapes generator, with its defaults. */
export const shapesOptionsSchema = z
  .strictObject({
    /** Pictures, test split included. */
    images: z.int().min(0).max(1_000_000).default(2500),
    /** Motion clips, test split included. */
    clips: z.int().min(0).max(100_000).default(250),
    /** Width and height of pictures and frames, pixels. */
    size: z.int().min(16).max(1024).default(64),
    seed: z.int().min(0).default(0),
    /** Questions about a picture at most. */
    questions: z.int().min(1).max(40).default(10),
    /** Things in a picture, both ends included. Fewer are easier to tell apart: pictures of them are a first lesson. */
    fewestObjects: z.int().min(1).max(6).default(3),
    mostObjects: z.int().min(1).max(6).default(6),
    /** Questions about a clip at most. */
    clipQuestions: z.int().min(1).max(10).default(3),
    /** Things in a clip: by default two or three. One alone is told apart from nothing, so its clips are a first lesson. */
    clipObjects: z.int().min(1).max(3).optional(),
    /** A clip is a folder of frames, or an MP4 file, which takes ffmpeg. */
    clipFormat: z.enum(['frames', 'mp4']).default('frames'),
    /** Share of pictures and clips that goes to the test split. */
    testShare: z.number().min(0).max(1).default(0.2),
  })
  .refine(({ fewestObjects, mostObjects }) => fewestObjects <= mostObjects, {
    path: ['fewestObjects'],
    message: 'must not be above the most objects',
  });
export type ShapesOptions = z.infer<typeof shapesOptionsSchema>;

/** What a dataset process is asked to do, as JSON in its first argument. */
export const datasetJobSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('easy-vqa'),
    folder: z.string().min(1),
    replace: z.boolean().default(false),
    /** A wheel that was brought along; left out = download. */
    wheel: z.string().min(1).optional(),
  }),
  z.strictObject({
    kind: z.literal('shapes'),
    folder: z.string().min(1),
    replace: z.boolean().default(false),
    options: shapesOptionsSchema,
  }),
  /** Make a dataset of a benchmark's published files. Paths are absolute. */
  z.strictObject({
    kind: z.literal('benchmark'),
    benchmark: benchmarkSchema,
    /** Published files, or folders of them. */
    from: z.array(z.string().min(1)).min(1),
    /** Folder of the pictures or videos; left out where the files hold them. */
    images: z.string().min(1).optional(),
    folder: z.string().min(1),
    replace: z.boolean().default(false),
    /** Leave questions out whose picture is not there, instead of refusing. */
    skipMissing: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('check'),
    file: z.string().min(1),
    /** Folder of the pictures; left out = `images` beside the file. */
    images: z.string().min(1).optional(),
  }),
  /** Read a file through and write an index of it, with what is wrong and how its samples are distributed. */
  z.strictObject({
    kind: z.literal('index'),
    file: z.string().min(1),
    images: z.string().min(1).optional(),
    /** Folder for the index; it is replaced. */
    folder: z.string().min(1),
  }),
  /** Count the tokens of the sample at a place of a file, by a model's tokenizer. Paths are absolute. */
  z.strictObject({
    kind: z.literal('tokens'),
    model: z.string().min(1),
    file: z.string().min(1),
    images: z.string().min(1),
    start: z.int().min(0),
    length: z.int().min(0),
    /** Of one image or frame. */
    visualTokens: z.int().min(1),
  }),
  /** Decode the frames of videos into files. Paths are absolute. */
  z.strictObject({
    kind: z.literal('frames'),
    videos: z.array(z.string().min(1)).min(1),
    frames: frameSamplingSchema,
  }),
  /** Write the first samples of a file as a training of a model would, and tell which it cannot. */
  z.strictObject({
    kind: z.literal('conversation'),
    model: z.string().min(1),
    conversation: z.enum(CONVERSATION_CHOICES),
    file: z.string().min(1),
    images: z.string().min(1).optional(),
    turns: z.union([z.enum(['multi', 'single']), z.int().min(1)]),
    maxLength: z.int().min(1),
    visualTokens: z.int().min(1),
    /** Of a video. */
    frames: frameSamplingSchema,
    /** Samples to look at. */
    limit: z.int().min(1),
  }),
]);
export type DatasetJob = z.infer<typeof datasetJobSchema>;

/** How far the making of a dataset is: files, records or bytes of the current phase. */
const sourceProgressSchema = z.strictObject({
  phase: z.enum(['download', 'unpack', 'draw', 'read']),
  done: z.int().min(0),
  total: z.int().min(1),
});
export type SourceProgress = z.infer<typeof sourceProgressSchema>;

/** What is in one conversation file of a dataset. */
export const splitSummarySchema = z.strictObject({
  records: z.int().min(0),
  images: z.int().min(0),
  clips: z.int().min(0).optional(),
  questions: z.int().min(0),
});

/** A dataset folder that is there and sound. */
const providedSchema = z.strictObject({
  type: z.literal('provided'),
  folder: z.string(),
  /** True = it was there already. */
  reused: z.boolean(),
  licence: z.string(),
  splits: z.record(z.string(), splitSummarySchema),
  /** Those in the folder itself. */
  pictures: z.strictObject({ count: z.int(), bytes: z.int() }),
  /** Questions of a benchmark whose picture is not there. */
  leftOut: z.int().min(0).optional(),
});

/** What is in a conversation file, and what is wrong with it. */
const checkedSchema = z.strictObject({
  type: z.literal('checked'),
  samples: z.record(z.enum(MODALITIES), z.int().min(0)),
  turns: z.int().min(0),
  /** All broken samples are counted, the first ones are shown. */
  broken: z.strictObject({ count: z.int().min(0), first: z.array(brokenSampleSchema) }),
});
export type CheckedDataset = z.infer<typeof checkedSchema>;

const samplesFound = z.strictObject({ count: z.int().min(0), first: z.array(brokenSampleSchema) });

/** What a training will find when it writes samples out. */
const conversationsSchema = z.strictObject({
  type: z.literal('conversations'),
  /** File of the chat template, or the conversation's name. */
  template: z.string(),
  /** The token that ends an answer; null where there is none. */
  endToken: z.string().nullable(),
  /** Samples that were looked at. */
  samples: z.int().min(0),
  mismatched: samplesFound,
  tooLong: samplesFound,
});
export type CheckedConversations = z.infer<typeof conversationsSchema>;

/** The fields of an `InputError`. */
const problemSchema = z.strictObject({
  file: z.string().optional(),
  field: z.string().optional(),
  value: z.unknown().optional(),
  rule: z.string(),
  hint: z.string().optional(),
});

/** What a dataset process tells its parent: any number of `progress`, then one of the others. */
export const datasetMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('progress'), progress: sourceProgressSchema }),
  providedSchema,
  checkedSchema,
  conversationsSchema,
  z.strictObject({ type: z.literal('indexed'), records: z.int().min(0), broken: z.int().min(0) }),
  z.strictObject({
    type: z.literal('tokens'),
    /** Tokens of the conversation but for visual ones, and those that are learnt. */
    textTokens: z.int().min(0),
    supervisedTokens: z.int().min(0),
    groups: z.int().min(0),
  }),
  /** For each video, in order, the files of its frames in the order of time, or why it has none. */
  z.strictObject({ type: z.literal('frames'), videos: z.array(z.union([z.array(z.string()), problemSchema])) }),
  z.strictObject({ type: z.literal('refused'), problem: problemSchema }),
]);
export type DatasetMessage = z.infer<typeof datasetMessageSchema>;
