import { describe, expect, it } from 'vitest';
import { runRecipe } from '../../../src/main/runs/run-recipe.ts';
import { presetText } from '../../../src/main/studio/presets.ts';

describe('runRecipe', () => {
  it('reads a recipe whose stages are written out', () => {
    expect(runRecipe(presetText('4stage'), 'recipe.yaml')).toMatchObject({ phase: 'instruct', stageDepth: 32 });
  });

  it('names the file of a recipe that names a scheme', () => {
    const problem = { file: 'recipe.yaml', field: 'scheme', rule: 'must be written out in the recipe of a run' };
    expect(() => runRecipe(presetText('demo-4stage'), 'recipe.yaml')).toThrow(expect.objectContaining({ problem }));
  });
});
