import { describe, expect, it } from 'vitest';
import { loadRecipe, presetNames } from '../../../src/main/engine/train/recipe-file.ts';
import { loadPreset } from '../../../src/main/studio/presets.ts';

describe('loadPreset', () => {
  it.each(presetNames())('%s is what the engine reads', (name) => {
    expect(loadPreset(name, ['seed=7'])).toEqual(loadRecipe(name, ['seed=7']));
  });

  it('refuses names that are no preset', () => {
    expect(() => loadPreset('4stages')).toThrow('recipe: is not the name of a preset (found "4stages")');
  });
});
