import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../shared/errors.ts';
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import type { ChatTemplate } from '../data/chat-template.ts';
import { folderConversation } from '../data/conversation-choice.ts';
import { readImageProcessor, type ImageProcessor } from '../data/image-processor.ts';
import type { Tokenizer } from '../data/tokenizer.ts';
import { isAdapterFolder, baseFolderOf } from '../model/adapter-folder.ts';
import { loadPlainModel } from '../model/lora-merge.ts';
import { Parameters } from '../model/parameters.ts';
import { findModelFolder } from '../train/find-model.ts';
import { answeringFunctions, type AnsweringModel } from './answering-functions.ts';

/** A model with everything that answering takes. `dispose` it when done. */
export interface LoadedModel extends AnsweringModel {
  readonly dir: string;
  readonly tokenizer: Tokenizer;
  /** How questions are put to it. */
  readonly template: ChatTemplate;
  readonly processor: ImageProcessor;
  /** Tokens that end an answer. */
  readonly stopIds: ReadonlySet<number>;
  dispose(): void;
}

/** Where tokenizer and image processor are: an adapter made elsewhere leaves them with its base model. */
async function companionFolder(dir: string): Promise<string> {
  return isAdapterFolder(dir) && !existsSync(join(dir, 'tokenizer.json')) ? baseFolderOf(dir) : dir;
}

/** Loads a model folder, a run or a checkpoint for answering. @throws InputError naming file and field */
export async function loadAnsweringModel(path: string, execution?: ExecutionMode): Promise<LoadedModel> {
  const dir = await findModelFolder(path);
  const companions = await companionFolder(dir);
  const template = folderConversation(companions);
  const { tokenizer } = template;
  const processor = readImageProcessor(companions);
  const { config, weights: host } = await loadPlainModel(dir);
  const { imageTokenId } = config;
  tokenizer.checkModel({ vocabSize: config.text.vocabSize, imageTokenId }, join(dir, 'tokenizer.json'));
  if (processor.imageSize !== config.vision.imageSize) {
    const rule = `must be the vision tower's image size, ${config.vision.imageSize}`;
    throw new InputError({ file: dir, field: 'crop_size', value: processor.imageSize, rule });
  }
  const parameters = new Parameters(host);
  const { weights, release } = parameters.borrow();
  const endToken = tokenizer.specialTokens.get(template.endToken ?? '')?.id ?? tokenizer.special.endOfText;
  const stopIds = new Set([...config.text.eosTokenIds, tokenizer.special.endOfText, endToken]);
  const functions = answeringFunctions(execution);
  const dispose = (): void => {
    functions.dispose();
    release();
    parameters.dispose();
  };
  return { dir, config, weights, functions, tokenizer, template, processor, stopIds, dispose };
}
