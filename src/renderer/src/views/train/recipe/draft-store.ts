import { defineStore } from 'pinia';
import { computed, shallowRef, watch, type Ref } from 'vue';
import { checkRecipe, type RecipeProblem } from '../../../../../shared/recipe-problems.ts';
import { checkRecipeText } from '../../../../../shared/recipe-text.ts';
import { formatRecipe } from '../../../../../shared/recipe-yaml.ts';
import type { WrittenRecipe } from '../../../../../shared/recipe.ts';
import { fieldPath, valueAt } from '../../../../../shared/validation.ts';
import { defaultOf, phaseOf, setField, toDraft, type Draft, type DraftPath } from './draft.ts';
import { changed, newHistory, redone, settled, undone, type History } from './history.ts';
import { readStored, writeStored } from './stored-draft.ts';

/** The recipe's text as its author wrote it, as long as the draft is what it says. */
interface OwnText {
  readonly text: string;
  readonly draft: Draft;
  /** It could not be read, and the draft is what it said last. */
  readonly isBroken: boolean;
}

type Edit = (change: (draft: Draft) => Draft, mark?: string) => void;

/** What was kept over a reload, its text included where that is its author's own. */
function restored(): { readonly draft: Draft; readonly ownText?: OwnText } {
  const { draft = {}, text } = readStored() ?? {};
  if (text === undefined) return { draft };
  const { value } = checkRecipeText(text);
  const now = value === undefined ? draft : toDraft(value);
  return { draft: now, ownText: { text, draft: now, isBroken: value === undefined } };
}

/** Undo and redo. */
function historyOf(history: Ref<History<Draft>>) {
  return {
    canUndo: computed(() => history.value.past.length > 0),
    canRedo: computed(() => history.value.future.length > 0),
    /** Ends a continuing change: what follows is undone on its own. */
    settle: () => void (history.value = settled(history.value)),
    undo: () => void (history.value = undone(history.value)),
    redo: () => void (history.value = redone(history.value)),
  };
}

/** The draft as text, as its author wrote it or as the program does. */
function textOf(draft: Ref<Draft>, edit: Edit, kept: OwnText | undefined) {
  const written = shallowRef(kept);
  const own = computed(() => (written.value?.draft === draft.value ? written.value : undefined));
  const text = computed(() => own.value?.text ?? formatRecipe(draft.value));

  function setText(next: string): void {
    const { value } = checkRecipeText(next);
    if (value !== undefined) edit(() => toDraft(value), 'text');
    written.value = { text: next, draft: draft.value, isBroken: value === undefined };
  }

  watch([draft, written], () => {
    writeStored({ draft: draft.value, ...(own.value && { text: own.value.text }) });
  });
  return {
    text,
    textIsBroken: computed(() => own.value?.isBroken ?? false),
    /** Everything wrong with the text, with its place. */
    textCheck: computed(() => checkRecipeText(text.value)),
    setText,
  };
}

/** Fields and what is wrong with them. */
function fieldsOf(draft: Ref<Draft>, edit: Edit) {
  const phase = computed(() => phaseOf(draft.value));
  const checked = computed(() => checkRecipe(draft.value));
  const recipe = computed((): WrittenRecipe | undefined =>
    'recipe' in checked.value ? checked.value.recipe : undefined,
  );
  const problems = computed((): readonly RecipeProblem[] =>
    'problems' in checked.value ? checked.value.problems : [],
  );

  /** The value of a field, or its default. */
  function field(path: DraftPath): unknown {
    return valueAt(draft.value, path) ?? defaultOf(phase.value, path);
  }

  /** What is wrong with one field, in words. */
  function problemAt(path: DraftPath): string | undefined {
    const found = problems.value.find((problem) => fieldPath(problem.path) === fieldPath(path));
    return found && [found.rule, found.hint].filter(Boolean).join('. ');
  }

  /** Sets a field; undefined takes it out. An entry of a list that stands at its default writes the list. */
  function set(path: DraftPath, value: unknown): void {
    const parent = path.slice(0, -1);
    const isEntry = typeof path.at(-1) === 'number';
    edit((now) => setField(isEntry ? setField(now, parent, field(parent)) : now, path, value), fieldPath(path));
  }

  return { phase, recipe, problems, field, problemAt, set };
}

/** The recipe that is being written: one value, edited by form, timeline and text, with undo; it survives a reload. */
export const useDraft = defineStore('train-draft', () => {
  const kept = restored();
  const history = shallowRef(newHistory(kept.draft));
  const draft = computed(() => history.value.present.value);
  const isEmpty = computed(() => Object.keys(draft.value).length === 0);
  const edit: Edit = (change, mark = '') => {
    history.value = changed(history.value, change(draft.value), mark);
  };
  return {
    draft,
    isEmpty,
    /** Changes the draft; `mark` names a continuing change, which is undone as one. */
    edit,
    replace: (next: Draft) => edit(() => next),
    ...fieldsOf(draft, edit),
    ...textOf(draft, edit, kept.ownText),
    ...historyOf(history),
  };
});
