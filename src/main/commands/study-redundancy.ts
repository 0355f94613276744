/** `llavolta study redundancy`: how many visual tokens an answer needs (paper Sec. 3.1, Fig. 1). */
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { studyRequestSchema, type StudyRequest } from '../../shared/api/studies.ts';
import { RUN_NAME } from '../../shared/engine-protocol.ts';
import { InputError } from '../../shared/errors.ts';
import { DEFAULT_BATCH_SIZE, DEFAULT_MAX_TOKENS } from '../../shared/evaluation.ts';
import { limitSentences, STUDY_COLUMNS, studyRows } from '../../shared/study-words.ts';
import { fieldPath, ruleOf, valueAt } from '../../shared/validation.ts';
import { holdsModel } from '../studio/models/adapter.ts';
import { findModelFolder, sizeOfFolder } from '../studio/models/found-model.ts';
import { planStudy } from '../studio/studies/plan-study.ts';
import { resultSoFar } from '../studio/studies/result-job.ts';
import { runStudy } from '../studio/studies/run-study.ts';
import { StudyFolder, type StudyRecord } from '../studio/studies/study-folder.ts';
import { withIndex } from '../studio/studies/passing-index.ts';
import { shownPath, workspaceOf, type Workspace } from '../studio/workspace.ts';
import { progressText } from '../terminal/evaluation-view.ts';
import { untilInterrupted } from '../terminal/follow-job.ts';
import { gatherGrid, readGrid, wholeNumber } from '../terminal/grid-arguments.ts';
import { LiveRegion } from '../terminal/live-region.ts';
import { joinNegativeValues } from '../terminal/negative-values.ts';
import { textTable } from '../terminal/table.ts';

export const usage = `
Usage: llavolta study redundancy <model folder or run> --data FILE --grid K=… S=… [C=…] [options]

Asks a trained model the same questions at full and at every layer K, stride S and compressor C, and says how many
visual tokens can go. The study is a folder below studies/: the same command goes on where it was stopped.

  --data FILE        LLaVA conversations (JSON or JSONL); every question is asked alone
  --images DIR       folder of the images; by default images beside FILE
  --grid K=… S=… [C=…]  layers, strides and compressors (by default average-pool),
                     e.g. --grid K=1,3,6 S=2,4,8,16 C=average-pool,k-means
  --questions N      questions, drawn at random; by default all
  --seed N           of the draw; by default 0
  --batch N          questions answered at once; by default ${DEFAULT_BATCH_SIZE}
  --max-tokens N     longest answer; by default ${DEFAULT_MAX_TOKENS}
  --name NAME        of the folder below studies/; by default made of model and data
  --eager            run the ops one by one, not as recorded functions

Writes study.md, study.csv and result.json into the folder, with every answer in answers.jsonl.
`;

const OPTIONS = {
  data: { type: 'string' },
  images: { type: 'string' },
  grid: { type: 'string' },
  questions: { type: 'string' },
  seed: { type: 'string' },
  batch: { type: 'string' },
  'max-tokens': { type: 'string' },
  name: { type: 'string' },
  eager: { type: 'boolean', default: false },
} as const;

/** What the arguments ask for; paths are absolute. */
export interface WantedStudy {
  readonly model: string;
  readonly data: string;
  readonly images?: string;
  readonly name: string;
  readonly isEager: boolean;
  /** All of the request but the paths. */
  readonly asking: Omit<StudyRequest, 'model' | 'data'>;
}

const folderPart = (text: string): string => text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');

/** `runs/a/final` on `data/shapes/test.jsonl` is `a-final-shapes-test`. */
function defaultName(model: string, data: string): string {
  const isPart = /^(final|step-[\d.]+)$/.test(basename(model));
  const run = basename(basename(dirname(model)) === 'checkpoints' ? dirname(dirname(model)) : dirname(model));
  const parts = [...(isPart ? [run] : []), basename(model), basename(dirname(data)), basename(data, '.jsonl')];
  return parts.map(folderPart).join('-').slice(0, 100);
}

/** A number of the request: text that is none stays text, so that the schema refuses it by name. */
const numberOr = (text: string): number | string => (/^\d{1,10}$/.test(text) ? Number(text) : text);

const ASKING = studyRequestSchema.omit({ model: true, data: true });

function readAsking(value: Record<string, unknown>): WantedStudy['asking'] {
  const parsed = ASKING.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const found = valueAt(value, path);
  throw new InputError({
    ...{ file: 'study', field: fieldPath(path), value: found },
    rule: issue ? ruleOf(issue, found) : 'is not valid',
  });
}

/** @throws InputError */
export function parseStudy(argv: string[]): WantedStudy {
  const { values, positionals } = parseArgs({
    ...{ args: joinNegativeValues(argv), allowPositionals: true, options: OPTIONS },
  });
  const { grid, rest } = gatherGrid(values.grid, positionals);
  const [model, ...more] = rest;
  const hint = 'llavolta study --help';
  if (model === undefined || more.length > 0) {
    throw new InputError({ field: 'study redundancy', rule: 'needs one model folder or run', hint });
  }
  if (values.data === undefined) throw new InputError({ field: '--data', rule: 'must be given', hint });
  if (grid === undefined) throw new InputError({ field: '--grid', rule: 'must be given', hint });
  const { questions, seed, batch, 'max-tokens': maxTokens } = values;
  const [modelPath, data] = [resolve(model), resolve(values.data)];
  const name = values.name ?? defaultName(modelPath, data);
  if (!RUN_NAME.test(name)) {
    const rule = 'must be a folder name: letters, digits, dots, underscores and hyphens';
    throw new InputError({ field: '--name', value: name, rule });
  }
  return {
    ...{ model: modelPath, data, name, isEager: values.eager },
    ...(values.images !== undefined && { images: resolve(values.images) }),
    asking: readAsking({
      ...readGrid(grid),
      ...(questions !== undefined && { questions: wholeNumber('--questions', questions) }),
      ...(seed !== undefined && { seed: numberOr(seed) }),
      ...(batch !== undefined && { batchSize: wholeNumber('--batch', batch) }),
      ...(maxTokens !== undefined && { maxTokens: wholeNumber('--max-tokens', maxTokens) }),
    }),
  };
}

/** What of a study that is there must be as it was: all of its request, and the folder of its images. */
type Compared = StudyRequest & { readonly images: string };

/** @throws InputError where a study of that name asks something else */
function checkSame(found: Compared, wanted: Compared, folder: StudyFolder): void {
  const fields = Object.keys({ ...found, ...wanted }) as (keyof Compared)[];
  const field = fields.find((name) => JSON.stringify(found[name]) !== JSON.stringify(wanted[name]));
  if (field === undefined) return;
  const rule = `is ${JSON.stringify(found[field])} in the study that is there`;
  const hint = 'Give the new study another --name, or delete the folder';
  throw new InputError({ file: folder.path, field, value: wanted[field] ?? null, rule, hint });
}

/** A folder without links, as far as it is there: a record names the real one. */
async function realFolder(path: string, workspace: Workspace): Promise<string> {
  const absolute = resolve(workspace.folder, path);
  return shownPath(await realpath(absolute).catch(() => absolute), workspace);
}

/** The study that is there, or a new one. @throws InputError where the one that is there asks something else */
export async function openStudy(folder: StudyFolder, wanted: WantedStudy, workspace: Workspace): Promise<StudyRecord> {
  const { model, data, images, asking } = wanted;
  const request: StudyRequest = {
    ...{ model: shownPath(model, workspace), data: shownPath(data, workspace), ...asking },
  };
  const found = await folder.record();
  if (found) {
    const [had, wants] = [found.images, images ?? join(dirname(data), 'images')];
    const before = { ...found.request, images: await realFolder(had, workspace) };
    checkSame(before, { ...request, images: await realFolder(wants, workspace) }, folder);
    return found;
  }
  const modelFolder = await findModelFolder(model);
  if (!holdsModel(modelFolder)) {
    throw new InputError({ file: model, rule: 'holds no model', hint: 'Name a model folder, a run or a checkpoint' });
  }
  const size = await sizeOfFolder(modelFolder, workspace.folder);
  return withIndex(data, images, (index) => planStudy(folder, { workspace, request, modelFolder, size, index }));
}

export async function run(argv: string[]): Promise<number> {
  const wanted = parseStudy(argv);
  const workspace = workspaceOf(process.cwd());
  const folder = new StudyFolder(join(workspace.studies, wanted.name));
  const record = await openStudy(folder, wanted, workspace);
  const region = process.stderr.isTTY ? new LiveRegion(process.stderr) : undefined;
  const code = await untilInterrupted(async (signal) => {
    const execution = wanted.isEager ? ({ execution: 'eager' } as const) : {};
    for await (const progress of runStudy({ folder, record, workspace, signal, ...execution })) {
      region?.draw([progressText(progress)]);
    }
  });
  region?.draw([]);
  const result = await resultSoFar(folder);
  const lines = result ? [...textTable(STUDY_COLUMNS, studyRows(result)), '', ...limitSentences(result), ''] : [];
  const part = `${result?.questions ?? 0} of ${record.total} questions`;
  process.stdout.write(
    `${[...lines, `${part} at ${record.compressions.length} settings: ${folder.path}`].join('\n')}\n`,
  );
  return code;
}
