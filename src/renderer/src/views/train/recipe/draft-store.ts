import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch, type Ref } from 'vue';
import { checkRecipe, type RecipeProblem } from '../../../../../shared/recipe-problems.ts';
import { checkRecipeText } from '../../../../../shared/recipe-text.ts';
import type { WrittenRecipe } from '../../../../../shared/recipe.ts';
import { fieldPath, valueAt } from '../../../../../shared/validation.ts';
import { defaultOf, phaseOf, setField, toDraft, type Draft, type DraftPath } from './draft.ts';
import { changed, newHistory, redone, settled, undone } from './history.ts';
import { patchRecipeText } from './patch-text.ts';
import { readStored, writeStored } from './stored-draft.ts';

/** The recipe at one moment: as data, and as the text that says it. */
interface Version {
  readonly draft: Draft;
  readonly text: string;
}

type Edit = (change: (draft: Draft) => Draft, mark?: string) => void;

function versionOf(text: string): Version | undefined {
  const { value } = checkRecipeText(text);
  return value === undefined ? undefined : { draft: toDraft(value), text };
}

/** The versions of the recipe, and what of its text cannot be read yet. */
function useVersions() {
  const stored = readStored();
  const history = shallowRef(newHistory<Version>(versionOf(stored?.text ?? '') ?? { draft: {}, text: '' }));
  const brokenText = ref(stored?.brokenText);
  const version = computed(() => history.value.present.value);

  const edit: Edit = (change, mark = '') => {
    const { draft, text } = version.value;
    const next = change(draft);
    if (next === draft) return;
    history.value = changed(history.value, { draft: next, text: patchRecipeText(text, draft, next) }, mark);
    brokenText.value = undefined;
  };

  function setText(text: string): void {
    const next = versionOf(text);
    brokenText.value = next ? undefined : text;
    if (next && text !== version.value.text) history.value = changed(history.value, next, 'text');
  }

  const go = (move: typeof undone<Version>) => (): void => {
    history.value = move(history.value);
    brokenText.value = undefined;
  };
  watch([version, brokenText], () => writeStored({ text: version.value.text, brokenText: brokenText.value }));
  return {
    version,
    brokenText,
    edit,
    setText,
    canUndo: computed(() => history.value.past.length > 0),
    canRedo: computed(() => history.value.future.length > 0),
    undo: go(undone),
    redo: go(redone),
    /** Ends a continuing change: what follows is undone on its own. */
    settle: () => void (history.value = settled(history.value)),
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
  const { version, brokenText, edit, ...versions } = useVersions();
  const draft = computed(() => version.value.draft);
  const text = computed(() => brokenText.value ?? version.value.text);
  return {
    draft,
    isEmpty: computed(() => Object.keys(draft.value).length === 0),
    /** Changes the draft; `mark` names a continuing change, which is undone as one. */
    edit,
    replace: (next: Draft) => edit(() => next),
    text,
    textIsBroken: computed(() => brokenText.value !== undefined),
    /** Goes back to the text that could be read last. */
    dropBrokenText: () => void (brokenText.value = undefined),
    /** Everything wrong with the text, with its place. */
    textCheck: computed(() => checkRecipeText(text.value)),
    ...versions,
    ...fieldsOf(draft, edit),
  };
});
