/** An experiment file: several recipes, each trained with the same seeds and asked the same questions. */
import { z } from 'zod';
import { parseCompression } from '../compression.ts';
import { RUN_NAME } from '../engine-protocol.ts';
import { InputError } from '../errors.ts';
import { DEFAULT_BATCH_SIZE, DEFAULT_MAX_TOKENS } from '../evaluation.ts';

const text = z.string().min(1).max(1000);
const seed = z.int().min(0).max(0xffffffff);

/** `key.path=value`, as of the command line's `--set`. */
const overrides = z.array(text).max(100).default([]);

/** Names become names of folders. */
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be up to 40 of a-z, 0-9 and -');

const compression = text.superRefine((notation, context) => {
  try {
    parseCompression(notation);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    context.addIssue({ code: 'custom', message: error.problem.rule });
  }
});
const compressions = z.array(compression).max(100).default([]);

const prepareSchema = z.strictObject({
  /** A preset or a recipe file. */
  recipe: text,
  set: overrides,
  /** Name of its run; by default that of the preset or the recipe file. It may be shared by several experiments. */
  run: z.string().regex(RUN_NAME, 'must be a folder name: letters, digits, dots, underscores and hyphens').optional(),
});

const isOne = (given: unknown): boolean => typeof given === 'object' && given !== null && !Array.isArray(given);

const schemeSchema = z.strictObject({
  label: name,
  /** A preset or a recipe file; by default the experiment's. */
  recipe: text.optional(),
  /** Beyond the experiment's own. */
  set: overrides,
  /** Settings its runs are asked at beyond the one they end with, in stage notation for the model's own layers. */
  compressions,
});

const testSchema = z.strictObject({
  /** LLaVA conversations, JSON or JSONL. Every turn is asked alone. */
  data: text,
  /** Folder of the images; by default `images` beside the data. */
  images: text.optional(),
  /** The first so many questions, or all. */
  questions: z.union([z.literal('all'), z.int().min(1)]).default('all'),
  /** Settings that every run is asked at beyond the one it ends with. */
  compressions,
  /** Questions answered at once. */
  batchSize: z.int().min(1).max(4096).default(DEFAULT_BATCH_SIZE),
  /** Longest answer, in tokens. */
  maxTokens: z.int().min(1).max(4096).default(DEFAULT_MAX_TOKENS),
});

const fields = z.strictObject({
  name,
  description: z.string().max(10_000).default(''),
  /** What is trained first, once, each on the one before: a vision tower, a pretraining. One alone need not be a list. */
  prepare: z.preprocess((given) => (isOne(given) ? [given] : given), z.array(prepareSchema).max(10).default([])),
  /** The recipe of schemes that name none. */
  recipe: text.optional(),
  /** Of all schemes. */
  set: overrides,
  schemes: z.array(schemeSchema).min(1).max(50),
  seeds: z.array(seed).min(1).max(50),
  test: testSchema,
  /** Label of the scheme that the others are compared with. */
  baseline: z.string(),
});

/** Name of the run of something prepared. */
export const preparedRun = ({ run, recipe }: z.output<typeof prepareSchema>): string =>
  run ?? recipe.replace(/^.*[/\\]/, '').replace(/\.ya?ml$/, '');

interface Problem {
  readonly path: (string | number)[];
  readonly rule: string;
}

/** Where a value comes a second time. */
const repeated = (values: readonly unknown[]): number => values.findIndex((value, i) => values.indexOf(value) < i);

function* problemsBetweenFields(experiment: z.output<typeof fields>): Generator<Problem> {
  const { prepare, schemes, seeds, baseline, recipe } = experiment;
  const labels = schemes.map(({ label }) => label);
  const [label, again] = [repeated(labels), repeated(seeds)];
  if (label >= 0) yield { path: ['schemes', label, 'label'], rule: 'must not be that of another scheme' };
  if (again >= 0) yield { path: ['seeds', again], rule: 'must not come twice' };
  if (!labels.includes(baseline)) yield { path: ['baseline'], rule: `must be one of ${labels.join(', ')}` };
  const unnamed = prepare.findIndex((one) => !RUN_NAME.test(preparedRun(one)));
  if (unnamed >= 0) {
    yield { path: ['prepare', unnamed, 'run'], rule: "is needed: the recipe's own name names no folder" };
  }
  const without = schemes.findIndex((scheme) => (scheme.recipe ?? recipe) === undefined);
  if (without >= 0) {
    yield { path: ['schemes', without], rule: 'needs a recipe: the experiment has none for all of them' };
  }
}

/** An experiment file. Paths are relative to the working folder. */
export const experimentSchema = fields.superRefine((experiment, context) => {
  for (const { path, rule } of problemsBetweenFields(experiment)) {
    context.addIssue({ code: 'custom', path, message: rule });
  }
});
export type Experiment = z.output<typeof experimentSchema>;
export type ExperimentScheme = Experiment['schemes'][number];

/** One training of an experiment. */
export interface PlannedRun {
  readonly label: string;
  readonly seed: number;
  /** Name of the run's folder. */
  readonly run: string;
  /** A preset or a recipe file, and what is changed of it. */
  readonly recipe: string;
  readonly set: readonly string[];
  /** Settings it is asked at beyond the one it ends with. */
  readonly compressions: readonly string[];
}

function plannedRun(experiment: Experiment, scheme: ExperimentScheme, runSeed: number): PlannedRun {
  const { label } = scheme;
  const title = `${experiment.name}-${label}`;
  return {
    ...{ label, seed: runSeed, run: `${title}-seed${runSeed}` },
    recipe: scheme.recipe ?? experiment.recipe ?? '',
    set: [...experiment.set, ...scheme.set, `name=${title}`, `seed=${runSeed}`],
    compressions: [...experiment.test.compressions, ...scheme.compressions],
  };
}

/**
 * All trainings in the order they run: every scheme with the first seed, then every scheme with the next, so that a machine
 * that grows slower or faster meanwhile does so for all schemes alike.
 */
export function plannedRuns(experiment: Experiment): PlannedRun[] {
  return experiment.seeds.flatMap((runSeed) =>
    experiment.schemes.map((scheme) => plannedRun(experiment, scheme, runSeed)),
  );
}
