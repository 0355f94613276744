import { basename } from 'node:path';
import type { Check } from '../../../shared/verification.ts';
import type { ExecutionMode } from '../../../shared/execution-mode.ts';
import { InputError } from '../../../shared/errors.ts';
import { CaseFolder, findCases } from './case-folder.ts';
import { failed, skipped } from './compare.ts';
import { ReferenceModel } from './reference-model.ts';
import type { DataTopic, Finding, ModelTopic } from './topic.ts';
import { adapterTopic } from './topics/adapter.ts';
import { attentionTopic } from './topics/attention.ts';
import { chatTopic } from './topics/chat.ts';
import { compressionTopic } from './topics/compression.ts';
import { forwardTopic } from './topics/forward.ts';
import { generationTopic } from './topics/generation.ts';
import { gradientsTopic } from './topics/gradients.ts';
import { preprocessingTopic } from './topics/preprocessing.ts';
import { sampleRowsTopic, samplesTopic } from './topics/samples.ts';
import { tokenizerTopic } from './topics/tokenizer.ts';
import { trainingTopic } from './topics/training.ts';
import { unsupportedModel } from './unsupported.ts';

const DATA_TOPICS: Record<string, DataTopic> = {
  tokenizer: tokenizerTopic,
  chat: chatTopic,
  rows: sampleRowsTopic,
  preprocessing: preprocessingTopic,
};

const MODEL_TOPICS: Record<string, ModelTopic> = {
  forward: forwardTopic,
  compression: compressionTopic,
  gradients: gradientsTopic,
  samples: samplesTopic,
  generation: generationTopic,
  attention: attentionTopic,
  training: trainingTopic,
  adapter: adapterTopic,
};

/** A topic that stops half-way is one failed check, and the others still run. */
async function* guarded(topic: string, findings: AsyncGenerator<Finding>): AsyncGenerator<Finding> {
  try {
    yield* findings;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    yield { topic, name: 'error', ...failed(error.message) };
  }
}

async function* modelFindings(folder: CaseFolder, execution?: ExecutionMode): AsyncGenerator<Finding> {
  const model = await ReferenceModel.load(folder, execution);
  try {
    for (const [topic, run] of Object.entries(MODEL_TOPICS)) yield* guarded(topic, run(folder, model));
  } finally {
    model.dispose();
  }
}

/** One line for each file with tensors that no topic has read. */
function* unusedFindings(folder: CaseFolder): Generator<Finding> {
  const unused = folder.unused();
  for (const file of new Set(unused.map((tensor) => tensor.file))) {
    const names = unused.filter((tensor) => tensor.file === file).map(({ name }) => name);
    const shown = names.slice(0, 3).join(', ') + (names.length > 3 ? ` and ${names.length - 3} more` : '');
    yield { topic: 'not run', name: file, ...skipped(`nothing compares ${shown}`) };
  }
}

async function* caseFindings(folder: CaseFolder, execution?: ExecutionMode): AsyncGenerator<Finding> {
  for (const [topic, run] of Object.entries(DATA_TOPICS)) yield* guarded(topic, run(folder));
  const unsupported = await unsupportedModel(folder.path('model'));
  if (unsupported) {
    for (const topic of Object.keys(MODEL_TOPICS)) yield { topic, name: 'all', ...skipped(unsupported) };
    return;
  }
  yield* guarded('model', modelFindings(folder, execution));
  yield* unusedFindings(folder);
}

/** Compares the engine with one reference case. A case that cannot be opened is one failed check. */
async function* verifyCase(dir: string, execution?: ExecutionMode): AsyncGenerator<Check> {
  let folder: CaseFolder;
  try {
    folder = await CaseFolder.open(dir);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    yield { case: basename(dir), topic: 'case', name: 'case.json', ...failed(error.message) };
    return;
  }
  try {
    for await (const finding of caseFindings(folder, execution)) yield { case: folder.info.name, ...finding };
  } finally {
    await folder.close();
  }
}

/**
 * Compares the engine with reference cases, one check for each number or tensor they hold.
 *
 * @param dir a case, or a folder of cases
 * @param execution by default graph
 * @throws InputError where there are none
 */
export async function* verify(dir: string, execution?: ExecutionMode): AsyncGenerator<Check> {
  for (const found of await findCases(dir)) yield* verifyCase(found, execution);
}
