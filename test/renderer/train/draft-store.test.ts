// @vitest-environment happy-dom
import fc from 'fast-check';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it } from 'vitest';
import { nextTick } from 'vue';
import fourStage from '../../../resources/recipes/4stage.yaml?raw';
import { checkRecipeText } from '../../../src/shared/recipe-text.ts';
import { formatRecipe, parseRecipe } from '../../../src/shared/recipe-yaml.ts';
import { patchRecipeText } from '../../../src/renderer/src/views/train/recipe/patch-text.ts';
import { useDraft } from '../../../src/renderer/src/views/train/recipe/draft-store.ts';
import { toDraft } from '../../../src/renderer/src/views/train/recipe/draft.ts';
import { limitsOf, choicesOf } from '../../../src/renderer/src/views/train/recipe/limits.ts';
import { probeRecipe, settingsToMeasure } from '../../../src/renderer/src/views/train/forecast/probe-recipe.ts';
import { inPhase } from '../../../src/renderer/src/views/train/recipe/phase.ts';
import { checkRecipe } from '../../../src/shared/recipe-problems.ts';

const recipe = toDraft(parseRecipe(fourStage, '4stage.yaml', ['optimizer.steps=600', 'optimizer.lr=1e-3']));

beforeEach(() => {
  localStorage.clear();
  setActivePinia(createPinia());
});

describe('the recipe as a form', () => {
  it('says at the field what is wrong, with the limit', () => {
    const draft = useDraft();
    draft.replace(recipe);
    expect(draft.recipe).toBeDefined();
    draft.set(['optimizer', 'lr'], -1);
    expect(draft.problemAt(['optimizer', 'lr'])).toBe('must be more than 0');
    draft.set(['optimizer', 'accumulate'], 3);
    expect(draft.problemAt(['optimizer', 'accumulate'])).toContain('must divide batchSize 128');
    expect(draft.recipe).toBeUndefined();
  });

  it('takes typing in one field back as one change', () => {
    const draft = useDraft();
    draft.replace(recipe);
    for (const lr of [2, 20, 200]) draft.set(['optimizer', 'lr'], lr);
    draft.undo();
    expect(draft.field(['optimizer', 'lr'])).toBe(1e-3);
    draft.redo();
    expect(draft.field(['optimizer', 'lr'])).toBe(200);
  });

  it('writes a whole list where one entry of its default is changed', () => {
    const draft = useDraft();
    draft.replace({ optimizer: { lr: 1 } });
    draft.set(['optimizer', 'betas', 1], 0.95);
    expect(draft.draft['optimizer']).toEqual({ lr: 1, betas: [0.9, 0.95] });
  });
});

describe('the recipe as text', () => {
  it('is the same value', () => {
    const draft = useDraft();
    draft.replace(recipe);
    expect(parseRecipe(draft.text, 'text')).toEqual(draft.recipe);
    draft.setText(draft.text.replace('lr: 0.001', 'lr: 0.5'));
    expect(draft.field(['optimizer', 'lr'])).toBe(0.5);
    draft.set(['seed'], 7);
    expect(draft.text).toContain('seed: 7');
  });

  it('keeps its own words, comments and order where the form changes something else', () => {
    const draft = useDraft();
    draft.setText('# mine\nseed: 3 # lucky\nname: a\noptimizer: { lr: 1e-3, batchSize: 4 }\n');
    draft.set(['optimizer', 'batchSize'], 8);
    draft.set(['optimizer', 'steps'], 10);
    expect(draft.text).toBe('# mine\nseed: 3 # lucky\nname: a\noptimizer: { lr: 1e-3, batchSize: 8, steps: 10 }\n');
    draft.set(['seed'], undefined);
    draft.undo();
    expect(draft.text).toContain('seed: 3 # lucky');
  });

  it('names line and column of what is wrong', () => {
    const draft = useDraft();
    draft.setText('name: a\noptimizer: { lr: -1, batchSize: 4 }\n');
    expect(draft.textCheck.problems).toContainEqual(
      expect.objectContaining({ field: 'optimizer.lr', rule: 'must be more than 0', line: 2, column: 18 }),
    );
  });

  it('that cannot be read leaves the recipe as it was', () => {
    const draft = useDraft();
    draft.replace(recipe);
    draft.setText('name: [');
    expect(draft.textIsBroken).toBe(true);
    expect(draft.text).toBe('name: [');
    expect(draft.textCheck.problems[0]).toMatchObject({ line: 1 });
    expect(draft.draft).toEqual(recipe);
    draft.dropBrokenText();
    expect(parseRecipe(draft.text, 'text')).toEqual(draft.recipe);
  });

  it('survives a reload: comments, and what cannot be read yet', async () => {
    const draft = useDraft();
    draft.setText('# mine\nname: kept\n');
    draft.setText('# mine\nname: [');
    await nextTick();
    setActivePinia(createPinia());
    const again = useDraft();
    expect(again.text).toBe('# mine\nname: [');
    expect(again.draft).toEqual({ name: 'kept' });
    expect(again.canUndo).toBe(false);
    again.dropBrokenText();
    expect(again.text).toBe('# mine\nname: kept\n');
  });

  it('begins empty where what was kept cannot be read', () => {
    localStorage.setItem('llavolta.train', '{"draft": 5}');
    expect(useDraft().isEmpty).toBe(true);
  });
});

describe('a change of the recipe in its text', () => {
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }));
  const key = fc.constantFrom('a', 'b', 'stages', 'optimizer');
  const group = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf)), { noNullPrototype: true });

  it('says the new recipe', () => {
    fc.assert(
      fc.property(group, group, (before, after) => {
        const text = patchRecipeText(formatRecipe(before), before, after);
        expect(checkRecipeText(text).value ?? {}).toEqual(after);
      }),
    );
  });
});

describe('limits of fields', () => {
  it('are those of the recipe', () => {
    expect(limitsOf('instruct', ['optimizer', 'lr'])).toEqual({ min: 0, max: 100, aboveMin: true });
    expect(limitsOf('instruct', ['optimizer', 'batchSize'])).toMatchObject({ min: 1, integer: true });
    expect(limitsOf('instruct', ['optimizer', 'betas', 0])).toMatchObject({ min: 0 });
    expect(limitsOf('instruct', ['data', 'turns'])).toEqual({ min: 1, max: 10_000, integer: true });
    expect(limitsOf('vision', ['vision', 'minimumAnswers'])).toMatchObject({ min: 2, integer: true });
    expect(choicesOf('instruct', ['optimizer', 'schedule'])).toEqual(['cosine', 'linear', 'constant']);
  });
});

describe('changing the phase', () => {
  it('leaves a sound recipe both ways', () => {
    const vision = inPhase(recipe, 'vision');
    expect(checkRecipe(vision)).toHaveProperty('recipe');
    expect(checkRecipe(inPhase(vision, 'instruct'))).toHaveProperty('recipe');
  });
});

describe('a recipe to measure settings', () => {
  it('has a stage for each setting, none included, and is sound', () => {
    const settings = settingsToMeasure(['1/8', '1/8', '2/2'], []);
    expect(settings).toEqual(['1/8', '2/2', 'none']);
    const checked = checkRecipe(probeRecipe({ ...recipe, optimizer: { lr: 1, batchSize: 2, epochs: 1 } }, settings, 4));
    expect(checked).toMatchObject({ recipe: { stageDepth: 4, optimizer: { lr: 1, batchSize: 2 } } });
    expect(checked).not.toHaveProperty('recipe.optimizer.epochs');
  });

  it('leaves out what was measured, unless all was', () => {
    expect(settingsToMeasure(['1/8', '2/2'], ['none', '1/8'])).toEqual(['2/2']);
    expect(settingsToMeasure(['1/8'], ['none', '1/8'])).toEqual(['1/8', 'none']);
  });
});
