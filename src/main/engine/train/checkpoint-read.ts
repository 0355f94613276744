import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, codeOf } from '../../../shared/errors.ts';
import { parseVersioned } from '../../../shared/run-record.ts';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, isAdapterFolder, loadAdapterFolder } from '../model/adapter-folder.ts';
import { loadModelFolder, readCompanionFiles } from '../model/model-folder.ts';
import { openTensors } from '../model/safetensors.ts';
import { parseStrictJson } from '../model/strict-json.ts';
import { INDEX, SINGLE } from '../model/weight-files.ts';
import type { WeightTensor } from '../model/weight-tensor.ts';
import {
  CHECKPOINT_FORMAT,
  checkpointName,
  comparePositions,
  MANIFEST,
  manifestSchema,
  OPTIMIZER,
  positionOf,
  sha256OfFile,
  STATE,
  stateFileSchema,
  TRAINING_FILES,
  type Checkpoint,
  type Manifest,
  type RunPosition,
} from './checkpoint-format.ts';

/** Positions of the checkpoints in a folder, newest first. */
export async function listCheckpoints(checkpoints: string): Promise<RunPosition[]> {
  const names = await readdir(checkpoints).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  const positions = names.map(positionOf).filter((position) => position !== undefined);
  return positions.sort((a, b) => comparePositions(b, a));
}

async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, MANIFEST);
  const bytes = await readFile(file).catch((error: unknown) => {
    const rule =
      codeOf(error) === 'ENOENT' ? 'is missing: the save did not finish' : `cannot be read (${codeOf(error)})`;
    throw new InputError({ file, rule }, { cause: error });
  });
  return parseVersioned(manifestSchema, parseStrictJson(bytes, file), file, CHECKPOINT_FORMAT);
}

/**
 * Compares every file of a checkpoint with its manifest.
 *
 * @throws InputError naming the first file that is missing, of another size or of another content
 */
export async function verifyCheckpoint(folder: string): Promise<void> {
  const { files } = await readManifest(folder);
  const listed = new Set(files.map(({ name }) => name));
  const plain = listed.has(INDEX) ? INDEX : SINGLE;
  const weights = listed.has(ADAPTER_WEIGHTS) ? [ADAPTER_CONFIG, ADAPTER_WEIGHTS] : [plain];
  for (const name of ['config.json', ...weights, OPTIMIZER, STATE]) {
    if (!listed.has(name)) throw new InputError({ file: join(folder, MANIFEST), rule: `must list ${name}` });
  }
  for (const { name, bytes, sha256 } of files) {
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) throw new InputError({ file, rule: 'is missing, although the manifest lists it' });
    if (found.size !== bytes)
      throw new InputError({ file, rule: `has ${found.size} bytes, its manifest says ${bytes}` });
    if ((await sha256OfFile(file)) !== sha256) {
      throw new InputError({ file, rule: 'is damaged: its SHA-256 differs from the manifest' });
    }
  }
}

const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/**
 * What the optimizer keeps for a weight (`m/<name>`, `v/<name>`, `gradient/<name>`) must be of its shape. A weight may
 * stand among the optimizer's tensors itself: the heads of the vision phase are no part of the model.
 */
function checkOptimizer(
  optimizer: ReadonlyMap<string, WeightTensor>,
  weights: ReadonlyMap<string, WeightTensor>,
  file: string,
): void {
  for (const [key, { shape }] of optimizer) {
    const name = /^(?:m|v|gradient)\/(.+)$/.exec(key)?.[1];
    if (name === undefined) continue;
    const weight = weights.get(name) ?? optimizer.get(name);
    if (!weight) throw new InputError({ file, field: key, rule: 'belongs to no weight of the model' });
    if (shapeText(shape) === shapeText(weight.shape)) continue;
    const rule = `has shape ${shapeText(shape)}, but the weight has ${shapeText(weight.shape)}`;
    throw new InputError({ file, field: key, rule });
  }
}

/**
 * The optimizer's tensors in the order of the weights, which a file does not keep: the gradient's norm is a sum over
 * tensors, and its last bit depends on their order.
 */
function inOrderOfWeights(
  optimizer: ReadonlyMap<string, WeightTensor>,
  weights: ReadonlyMap<string, WeightTensor>,
): Map<string, WeightTensor> {
  const ordered = new Map<string, WeightTensor>();
  for (const name of weights.keys()) {
    for (const key of [`m/${name}`, `v/${name}`, `gradient/${name}`]) {
      const tensor = optimizer.get(key);
      if (tensor) ordered.set(key, tensor);
    }
  }
  return new Map([...ordered, ...optimizer]);
}

/**
 * Opens a checkpoint; its tensors stay in their files until they are used. It is not compared with its manifest: `verifyCheckpoint` does that.
 *
 * @throws InputError naming file and field where its parts do not belong together
 */
export async function loadCheckpoint(folder: string): Promise<Checkpoint> {
  const stateFile = join(folder, STATE);
  const json = parseStrictJson(await readFile(stateFile), stateFile);
  const { state } = parseVersioned(stateFileSchema, json, stateFile, CHECKPOINT_FORMAT);
  const model = await (isAdapterFolder(folder) ? loadAdapterFolder : loadModelFolder)(folder);
  const { config, weights } = model;
  const adapter = 'base' in model && { base: model.base, lora: model.scale, whole: new Set(model.replaced) };
  const optimizer = await openTensors(join(folder, OPTIMIZER));
  checkOptimizer(optimizer, weights, join(folder, OPTIMIZER));
  const companions = await readCompanionFiles(folder);
  return {
    config,
    weights,
    optimizer: inOrderOfWeights(optimizer, weights),
    state,
    companions,
    ...(adapter && { adapter }),
  };
}

/** Newer formats are not damage: an older checkpoint must not be taken in their place. */
const isNewerFormat = (error: InputError): boolean => error.problem.field === 'format';

/** The newest checkpoint that is whole. */
export interface NewestCheckpoint {
  readonly name: string;
  readonly checkpoint: Checkpoint;
  /** Newer ones that were passed over, with the reason, to be shown. */
  readonly skipped: readonly string[];
}

/**
 * Loads the newest checkpoint that verifies; undefined where there is none at all.
 *
 * @throws InputError where there are checkpoints but none is whole, or one was written by a newer version
 */
export async function loadNewestCheckpoint(checkpoints: string): Promise<NewestCheckpoint | undefined> {
  const skipped: string[] = [];
  for (const position of await listCheckpoints(checkpoints)) {
    const name = checkpointName(position);
    const folder = join(checkpoints, name);
    try {
      await verifyCheckpoint(folder);
    } catch (error) {
      if (!(error instanceof InputError) || isNewerFormat(error)) throw error;
      skipped.push(`checkpoint ${name} is not used: ${error.message}`);
      continue;
    }
    return { name, checkpoint: await loadCheckpoint(folder), skipped };
  }
  if (skipped.length === 0) return undefined;
  const rule = `holds no whole checkpoint: ${skipped.join('; ')}`;
  throw new InputError({ file: checkpoints, rule, hint: 'Start a new run' });
}

/** Names of the files of a checkpoint that make up its model. */
export async function modelFilesOf(folder: string): Promise<string[]> {
  const { files } = await readManifest(folder);
  return files.map(({ name }) => name).filter((name) => !TRAINING_FILES.includes(name));
}
