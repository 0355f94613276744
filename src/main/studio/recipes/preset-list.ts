import type { Preset } from '../../../shared/api/recipes.ts';
import { parseRecipe } from '../../../shared/recipe-yaml.ts';
import { loadPreset, presetNames, presetText } from '../presets.ts';
import { SCHEMES } from './scheme-names.ts';
import { definedOnly } from '../runs/run-summary.ts';

/** Presets that need what the paper trained: a 7B model and its data. */
const isOfPaper = (name: string): boolean => SCHEMES.includes(name) || name === 'pretrain';

function presetOf(name: string): Preset {
  const yaml = presetText(name);
  const recipe = parseRecipe(yaml, `${name}.yaml`);
  const whole = loadPreset(name);
  const staged = whole.phase === 'vision' ? { stages: [], stageDepth: 0 } : whole;
  return {
    ...{ name, description: recipe.description, phase: recipe.phase, yaml, recipe },
    group: isOfPaper(name) ? 'paper' : 'local',
    stages: staged.stages.map(({ compression, compressor, share, until }) => ({
      ...{ compression, compressor },
      ...definedOnly({ share, until }),
    })),
    stageDepth: staged.stageDepth,
  };
}

/** The recipes that come with the program. */
export const presetList = (): Preset[] => presetNames().map(presetOf);
