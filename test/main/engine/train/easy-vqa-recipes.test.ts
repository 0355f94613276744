import { describe, expect, it } from 'vitest';
import { visualTokensPerImage } from '../../../../src/main/engine/model/config.ts';
import {
  configOfSize,
  namedSizes,
  resolveModel,
  type NamedSize,
} from '../../../../src/main/engine/model/named-size.ts';
import { loadRecipe, presetNames } from '../../../../src/main/engine/train/recipe-file.ts';
import { formatCompression } from '../../../../src/shared/compression.ts';
import { checkRecipeAgainstModel, type InstructRecipe, type Recipe } from '../../../../src/shared/recipe.ts';
import { averageCompressionRatio, resolveStages } from '../../../../src/shared/stage.ts';

const IDS = { vocabSize: 300, imageTokenId: 3, bosTokenId: 0, eosTokenId: 1, padTokenId: 2 };

function instruct(name: string): InstructRecipe {
  const recipe = loadRecipe(name);
  if (recipe.phase !== 'instruct') throw new Error(`${name} trains no decoder`);
  return recipe;
}

/** Stages on a decoder of some depth, as K/S, and the CR of the run for pictures of 256 visual tokens. */
function stagesAt(depth: number, recipe: InstructRecipe): { notations: string[]; ratio: number } {
  const { stages } = resolveStages(recipe, recipe.optimizer.steps ?? 0, depth);
  return {
    notations: stages.map(({ compression }) => formatCompression(compression)),
    ratio: Math.round(averageCompressionRatio(stages, [256], depth)),
  };
}

describe('recipes of the easy-VQA comparison', () => {
  it.each([
    ['reproduce', ['none'], 100],
    ['4stage', ['1/8', '1/2', '6/2', 'none'], 161],
    ['last-stage', ['1/16', '6/16', '6/4'], 231],
    ['two-stage', ['1/8', 'none'], 167],
    ['three-stage-deeper', ['1/8', '6/8', 'none'], 170],
  ])('%s runs as %j on 12 layers', (scheme, notations, ratio) => {
    expect(stagesAt(12, instruct(`easy-vqa-${scheme}`))).toEqual({ notations, ratio });
  });

  it.each(presetNames().filter((name) => /^(easy-vqa|demo)-/.test(name)))('%s fits the model it names', (name) => {
    const recipe = loadRecipe(name);
    const config = configOfSize(resolveModel(recipe.model.from), IDS);
    const facts = { depth: config.text.layers, visualTokens: visualTokensPerImage(config), visionLayers: 4 };
    expect(() => checkRecipeAgainstModel(recipe, facts)).not.toThrow();
  });

  it('differ in nothing but the scheme', () => {
    const names = presetNames().filter((name) => name.startsWith('easy-vqa-') && name !== 'easy-vqa-tower');
    const common = names.map((name) => {
      const { name: _, description: __, stages: ___, ...others } = instruct(name);
      return others;
    });
    expect(names).toHaveLength(5);
    for (const recipe of common) expect(recipe).toEqual(common[0]);
  });
});

describe('recipes that take a tower', () => {
  const towerOf = (recipe: Recipe): string | undefined => recipe.model.tower;
  const recipeOfRun = (folder: string): Recipe => {
    const [, name] = /^runs\/([a-z-]+)\/final$/.exec(folder) ?? [];
    if (name === undefined) throw new Error(`${folder} is no run of a recipe`);
    return loadRecipe(name);
  };

  /** The named size that a recipe's model began as, through the runs it goes on from. */
  function sizeOf(recipe: Recipe): NamedSize {
    const { from } = recipe.model;
    return namedSizes().includes(from) ? resolveModel(from) : sizeOf(recipeOfRun(from));
  }

  it.each(presetNames().filter((name) => towerOf(loadRecipe(name)) !== undefined))(
    '%s takes a tower as its own model has one',
    (name) => {
      const recipe = loadRecipe(name);
      const tower = recipeOfRun(towerOf(recipe) ?? '');
      expect(tower.phase).toBe('vision');
      expect(sizeOf(tower).vision).toEqual(sizeOf(recipe).vision);
    },
  );

  it('the demo runs the released scheme on the 4 layers of the tiny model', () => {
    expect(stagesAt(4, instruct('demo-4stage')).notations).toEqual(['1/8', '1/2', '2/2', 'none']);
  });
});
