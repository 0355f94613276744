import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../shared/errors.ts';
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import { readImageProcessor, type ImageProcessor } from '../data/preprocess.ts';
import { Tokenizer } from '../data/tokenizer.ts';
import { loadModelFolder } from '../model/model-folder.ts';
import { Parameters } from '../model/parameters.ts';
import { checkpointName } from '../train/checkpoint-format.ts';
import { listCheckpoints } from '../train/checkpoint-read.ts';
import { RUN_FILES } from '../train/run-folder.ts';
import { answeringFunctions, type AnsweringModel } from './answering-functions.ts';

/** LLaVA lays an image in the middle of a square of the mean colour; no file of the Hugging Face format holds that choice. */
const PAD_TO_SQUARE = true;

/**
 * The model folder that a path means: itself, the finished model of a run, or a run's newest checkpoint.
 *
 * @throws InputError where it is none of these
 */
export async function findModelFolder(path: string): Promise<string> {
  const holdsModel = (folder: string): boolean => existsSync(join(folder, 'config.json'));
  if (holdsModel(path)) return path;
  const final = join(path, RUN_FILES.final);
  if (holdsModel(final)) return final;
  const checkpoints = join(path, RUN_FILES.checkpoints);
  const [newest] = existsSync(checkpoints) ? await listCheckpoints(checkpoints) : [];
  if (newest) return join(checkpoints, checkpointName(newest));
  throw new InputError({
    file: path,
    rule: 'holds no model: neither config.json nor a run with a model or a checkpoint',
    hint: 'Name a Hugging Face model folder or the folder of a run',
  });
}

/** A model with everything that answering takes. `dispose` it when done. */
export interface LoadedModel extends AnsweringModel {
  readonly dir: string;
  readonly tokenizer: Tokenizer;
  readonly processor: ImageProcessor;
  /** Tokens that end an answer. */
  readonly stopIds: ReadonlySet<number>;
  dispose(): void;
}

/** Loads a model folder, a run or a checkpoint for answering. @throws InputError naming file and field */
export async function loadAnsweringModel(path: string, execution?: ExecutionMode): Promise<LoadedModel> {
  const dir = await findModelFolder(path);
  const tokenizer = Tokenizer.load(dir);
  const processor = readImageProcessor(dir, PAD_TO_SQUARE);
  const { config, weights: host } = await loadModelFolder(dir);
  tokenizer.checkVocabularySize(config.text.vocabSize, join(dir, 'tokenizer.json'));
  if (processor.imageSize !== config.vision.imageSize) {
    const rule = `must be the vision tower's image size, ${config.vision.imageSize}`;
    throw new InputError({ file: dir, field: 'crop_size', value: processor.imageSize, rule });
  }
  const parameters = new Parameters(host);
  const { weights, release } = parameters.borrow();
  const stopIds = new Set([config.text.eosTokenId, tokenizer.special.endOfText]);
  const functions = answeringFunctions(execution);
  const dispose = (): void => {
    functions.dispose();
    release();
    parameters.dispose();
  };
  return { dir, config, weights, functions, tokenizer, processor, stopIds, dispose };
}
