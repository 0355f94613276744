import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { StudioModel } from '../../../shared/api/models.ts';
import type { ModelShape } from '../../../shared/cost.ts';
import { InputError, messageOf } from '../../../shared/errors.ts';
import type { ModelSize } from '../../../shared/model-size.ts';
import { folderSize } from '../folder-size.ts';
import { notFound } from '../request-error.ts';
import { CHECKPOINT_NAME, RUN_PATHS } from '../runs/run-files.ts';
import type { RunStore } from '../runs/run-store.ts';
import { isInside, shownPath, type Workspace } from '../workspace.ts';
import { adapterParameters, baseFolderOf, holdsModel, isAdapterFolder } from './adapter.ts';
import { findModelFolder, sizeOfFolder } from './found-model.ts';
import { namedSizes, readNamedSize } from './model-shape.ts';

interface Place {
  readonly folder: string;
  readonly label: string;
  readonly kind: 'folder' | 'final' | 'checkpoint';
  readonly run?: string;
  readonly phase?: StudioModel['phase'];
  readonly step?: number;
}

interface ModelList {
  readonly models: StudioModel[];
  readonly unusable: { readonly path: string; readonly reason: string }[];
}

/** Only the fields of the contract: model files hold more. */
function plainShape({ vision, decoder }: ModelShape): StudioModel['shape'] {
  return {
    vision: {
      ...{ layers: vision.layers, hiddenSize: vision.hiddenSize, intermediateSize: vision.intermediateSize },
      ...{ imageSize: vision.imageSize, patchSize: vision.patchSize, hasClassToken: vision.hasClassToken },
    },
    decoder: {
      ...{ layers: decoder.layers, hiddenSize: decoder.hiddenSize, intermediateSize: decoder.intermediateSize },
      ...{ heads: decoder.heads, kvHeads: decoder.kvHeads, headDim: decoder.headDim, vocabSize: decoder.vocabSize },
    },
  };
}

function factsOf({
  shape,
  visualTokens,
}: ModelSize): Pick<
  StudioModel,
  'depth' | 'imageSize' | 'gridWidth' | 'gridHeight' | 'visualTokensPerImage' | 'shape'
> {
  const side = Math.floor(shape.vision.imageSize / shape.vision.patchSize);
  return {
    ...{ depth: shape.decoder.layers, imageSize: shape.vision.imageSize, gridWidth: side, gridHeight: side },
    ...{ visualTokensPerImage: visualTokens, shape: plainShape(shape) },
  };
}

function namedModel(name: string): StudioModel {
  const { description, ...size } = readNamedSize(name);
  return { id: name, label: name, kind: 'size', description, ...factsOf(size) };
}

/** The models of a workspace: sizes that can be built, folders below models/, and what runs have made. */
export class ModelLibrary {
  private readonly workspace: Workspace;
  private readonly runs: RunStore;

  constructor(workspace: Workspace, runs: RunStore) {
    this.workspace = workspace;
    this.runs = runs;
  }

  async list(): Promise<ModelList> {
    const places = [...(await this.folders()), ...(await this.ofRuns())];
    const read = await Promise.all(places.map((place) => this.read(place)));
    return {
      models: [...namedSizes().map(namedModel), ...read.flatMap(({ model }) => model ?? [])],
      unusable: read.flatMap(({ unusable }) => unusable ?? []),
    };
  }

  /**
   * Folder of a model that can be asked.
   *
   * @param id of `list`, or a folder below the workspace
   * @throws RequestError where there is none, InputError for a size, which has no weights
   */
  folderOf(id: string): string {
    if (namedSizes().includes(id)) {
      const rule = 'is a size without weights: it can be trained, not asked';
      throw new InputError({ field: 'model', value: id, rule, hint: 'Choose the model of a run' });
    }
    const folder = resolve(this.workspace.folder, id);
    if (!isInside(folder, this.workspace.folder) || !holdsModel(folder)) throw notFound(`model ${id}`);
    return folder;
  }

  /** Size of what a recipe names: a named size, or a folder. @throws InputError */
  async sizeOf(from: string): Promise<ModelSize> {
    if (namedSizes().includes(from)) return readNamedSize(from);
    return sizeOfFolder(await findModelFolder(resolve(this.workspace.folder, from)), this.workspace.folder);
  }

  /** The folder with the weights of what a recipe names: of an adapter, the base model's. @throws InputError */
  async weightsFolderOf(from: string): Promise<string> {
    const folder = await findModelFolder(resolve(this.workspace.folder, from));
    return isAdapterFolder(folder) ? baseFolderOf(folder, this.workspace.folder) : folder;
  }

  private async folders(): Promise<Place[]> {
    const entries = await readdir(this.workspace.models, { withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
      .map(({ name }) => ({ folder: join(this.workspace.models, name), label: name, kind: 'folder' as const }));
  }

  private async ofRuns(): Promise<Place[]> {
    const names = await this.runs.names();
    return (await Promise.all(names.map((name) => this.ofRun(name)))).flat();
  }

  private async ofRun(run: string): Promise<Place[]> {
    const folder = this.runs.folderOf(run);
    const made = { run, phase: await this.runs.phase(run) };
    const final = join(folder, RUN_PATHS.final);
    const finals: Place[] = holdsModel(final) ? [{ folder: final, label: run, kind: 'final', ...made }] : [];
    const parent = join(folder, RUN_PATHS.checkpoints);
    const names = await readdir(parent).catch(() => []);
    const checkpoints = names.flatMap((name): Place[] => {
      const [, step] = CHECKPOINT_NAME.exec(name) ?? [];
      if (step === undefined) return [];
      return [
        { folder: join(parent, name), label: `${run}, ${name}`, kind: 'checkpoint', ...made, step: Number(step) },
      ];
    });
    return [...finals, ...checkpoints.sort((a, b) => (b.step ?? 0) - (a.step ?? 0))];
  }

  private async read(place: Place): Promise<{ model?: StudioModel; unusable?: ModelList['unusable'][number] }> {
    const { folder, ...facts } = place;
    const id = shownPath(folder, this.workspace);
    try {
      const size = await sizeOfFolder(folder, this.workspace.folder);
      const [bytes, info] = await Promise.all([folderSize(folder), stat(folder)]);
      const { parameters } = size;
      const adapter = isAdapterFolder(folder)
        ? { hasAdapter: true, adapterParameters: await adapterParameters(folder) }
        : {};
      const saved = { bytes, savedAt: info.mtime.toISOString(), ...adapter };
      return { model: { id, ...facts, description: '', parameters, ...saved, ...factsOf(size) } };
    } catch (error) {
      // A checkpoint may be pruned while it is read.
      if (!existsSync(folder)) return {};
      return { unusable: { path: id, reason: messageOf(error) } };
    }
  }
}
