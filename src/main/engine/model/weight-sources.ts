import { InputError } from '../../../shared/errors.ts';
import type { LlavaConfig } from './config.ts';
import { parameterShapes } from './parameter-shapes.ts';
import type { SafetensorsFile } from './safetensors.ts';
import { sameValues } from './same-values.ts';
import { canonicalName, isDerived, isUnused } from './tensor-names.ts';
import type { WeightFiles } from './weight-files.ts';
import type { WeightTensor } from './weight-tensor.ts';

interface Source {
  readonly file: SafetensorsFile;
  /** Name inside the file. */
  readonly name: string;
}

/** Canonical name → where it is. */
export type WeightSources = Map<string, Source>;

const NAMES_SHOWN = 3;

function listed(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

export const shapeText = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/**
 * Where the tensors of weight files are, without those that follow from the configuration and those that LLaVA has no use for.
 *
 * @param nameOf canonical name of a name in the files
 * @throws InputError where two tensors are the same parameter
 */
export function weightSources({ holder }: WeightFiles, nameOf = canonicalName): WeightSources {
  const found: WeightSources = new Map();
  for (const [name, file] of holder) {
    if (isDerived(name) || isUnused(name)) continue;
    const canonical = nameOf(name);
    const other = found.get(canonical);
    if (other)
      throw new InputError({
        file: file.file,
        field: name,
        rule: `is the same parameter as ${other.name}: one is allowed`,
      });
    found.set(canonical, { file, name });
  }
  return found;
}

function checkTensor({ file, name }: Source, shape: readonly number[]): void {
  const info = file.info(name);
  if (shapeText(info.shape) !== shapeText(shape))
    throw new InputError({
      file: file.file,
      field: name,
      rule: `has shape ${shapeText(info.shape)}, but config.json asks for ${shapeText(shape)}`,
    });
}

function checkParameters(
  shapes: ReadonlyMap<string, readonly number[]>,
  found: ReadonlyMap<string, Source>,
  dir: string,
): void {
  const missing = [...shapes.keys()].filter((name) => !found.has(name));
  const unexpected = [...found].filter(([name]) => !shapes.has(name)).map(([, { name }]) => name);
  const parts = [
    missing.length > 0 ? `lacks ${missing.length} tensors that config.json asks for: ${listed(missing)}` : '',
    unexpected.length > 0
      ? `has ${unexpected.length} tensors that config.json does not know: ${listed(unexpected)}`
      : '',
  ].filter(Boolean);
  if (parts.length > 0) throw new InputError({ file: dir, rule: parts.join('; ') });
  for (const [name, shape] of shapes) checkTensor(found.get(name) as Source, shape);
}

export const EMBEDDINGS = 'language_model.model.embed_tokens.weight';
export const OUTPUT_HEAD = 'language_model.lm_head.weight';

/**
 * Some writers store the output head of tied embeddings all the same. A copy is dropped; a head of its own would change
 * the answers silently, so it is refused.
 */
function dropTiedHead(found: WeightSources, tied: boolean): void {
  const head = found.get(OUTPUT_HEAD);
  const embeddings = found.get(EMBEDDINGS);
  if (!tied || !head || !embeddings) return;
  if (!sameValues(head.file.tensor(head.name), embeddings.file.tensor(embeddings.name)))
    throw new InputError({
      file: head.file.file,
      field: head.name,
      rule: 'differs from the embeddings, although config.json says they are tied (tie_word_embeddings)',
    });
  found.delete(OUTPUT_HEAD);
}

/**
 * The weights that a configuration asks for, in the order of `parameterShapes`, each still in its file.
 *
 * @param dir the model's folder, for messages
 * @throws InputError where names or shapes differ
 */
export function weightsOf(config: LlavaConfig, found: WeightSources, dir: string): Map<string, WeightTensor> {
  const shapes = parameterShapes(config);
  const wanted = new Map(found);
  dropTiedHead(wanted, config.text.tieWordEmbeddings);
  checkParameters(shapes, wanted, dir);
  const tensorOf = ({ file, name }: Source): WeightTensor => file.tensor(name);
  return new Map([...shapes.keys()].map((name) => [name, tensorOf(wanted.get(name) as Source)]));
}
