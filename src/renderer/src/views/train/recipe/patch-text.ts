/** Brings a change of the recipe into its text: what was not changed keeps its author's words, comments and order. */
import { isMap, isSeq, parseDocument, type Document } from 'yaml';
import { formatRecipe, layOutRecipe } from '../../../../../shared/recipe-yaml.ts';
import type { Draft } from './draft.ts';

type Group = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

const isGroup = (value: unknown): value is Group =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function patchGroup(document: Document, path: Path, before: Group, after: Group): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    patch(document, [...path, key], before[key], after[key]);
  }
}

function patch(document: Document, path: Path, before: unknown, after: unknown): void {
  if (Object.is(before, after)) return;
  const node = document.getIn(path, true);
  if (after === undefined) document.deleteIn(path);
  else if (isGroup(before) && isGroup(after) && isMap(node)) patchGroup(document, path, before, after);
  else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length && isSeq(node)) {
    after.forEach((entry, index) => patch(document, [...path, index], before[index], entry));
  } else document.setIn(path, document.createNode(after));
}

/**
 * The text of a recipe after a change.
 *
 * @param text says `before`
 */
export function patchRecipeText(text: string, before: Draft, after: Draft): string {
  const document = parseDocument(text);
  if (!isMap(document.contents)) return formatRecipe(after);
  try {
    patchGroup(document, [], before, after);
  } catch {
    // Text that leans on aliases has no place of its own for every value.
    return formatRecipe(after);
  }
  layOutRecipe(document);
  return document.toString({ lineWidth: 120 });
}
