/** From what is wanted of a redundancy study to its folder: all that can be wrong is found before the first question. */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { StudyRequest } from '../../../shared/api/studies.ts';
import { InputError } from '../../../shared/errors.ts';
import type { ModelSize } from '../../../shared/model-size.ts';
import { gridCompressions } from '../../../shared/redundancy.ts';
import { MAX_STUDY_SETTINGS, unfitSettings } from '../../../shared/redundancy-study.ts';
import { drawQuestions } from '../compare/drawn-questions.ts';
import type { DatasetIndex } from '../datasets/dataset-index.ts';
import { writeJsonFile, writeTextFile } from '../json-file.ts';
import { shownPath, type Workspace } from '../workspace.ts';
import { newRecord, type StudyFolder, type StudyRecord } from './study-folder.ts';

/** Settings that are named in a refusal; more are counted. */
const NAMED_SETTINGS = 5;

/** What a study is made of. */
export interface StudyParts {
  readonly workspace: Workspace;
  readonly request: StudyRequest;
  /** Absolute. */
  readonly modelFolder: string;
  readonly size: ModelSize;
  readonly index: DatasetIndex;
}

/** The settings of a request in the order they are asked. @throws InputError naming those that do not fit the model */
function studySettings(request: StudyRequest, { shape, visualTokens }: ModelSize): string[] {
  const unfit = unfitSettings(request, shape.decoder.layers, visualTokens);
  const [first] = unfit;
  if (first) {
    const named = unfit.slice(0, NAMED_SETTINGS).map(({ setting }) => setting);
    const more = unfit.length > named.length ? ` and ${unfit.length - named.length} more` : '';
    const value = `${named.join(', ')}${more}`;
    const hint = `Leave out what the model cannot do; it has ${shape.decoder.layers} layers and ${visualTokens} visual tokens an image`;
    throw new InputError({ field: 'grid', value, rule: first.rule, hint });
  }
  const settings = gridCompressions(request.layers, request.strides, request.compressors);
  if (settings.length <= MAX_STUDY_SETTINGS) return settings;
  const rule = `must have at most ${MAX_STUDY_SETTINGS} settings, full included`;
  throw new InputError({ field: 'grid', value: settings.length, rule });
}

/** The files of weights in a model folder, by name. */
export async function weightFiles(folder: string): Promise<StudyRecord['weights']> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.safetensors')).sort();
  return Promise.all(
    names.map(async (name) => {
      const { size, mtime } = await stat(join(folder, name));
      return { name, bytes: size, modifiedAt: mtime.toISOString() };
    }),
  );
}

/** Draws the questions and writes the study's folder. @throws InputError where something of the request is wrong */
export async function planStudy(folder: StudyFolder, parts: StudyParts): Promise<StudyRecord> {
  const { workspace, request, modelFolder, size, index } = parts;
  const compressions = studySettings(request, size);
  const drawn = await drawQuestions(index, request.questions ?? index.head.turns, request.seed);
  const record = newRecord({
    ...{ request, compressions, total: drawn.length },
    modelFolder: shownPath(modelFolder, workspace),
    images: shownPath(index.head.images, workspace),
    ...{ shape: size.shape, visualTokens: size.visualTokens, weights: await weightFiles(modelFolder) },
  });
  await mkdir(folder.path, { recursive: true });
  await writeTextFile(folder.file('questions'), drawn.map(({ text }) => `${text}\n`).join(''));
  // Last: a folder with this file is a study.
  await writeJsonFile(folder.file('record'), record);
  return record;
}
