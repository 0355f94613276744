import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { experimentNames, readExperiment } from '../../../src/main/experiment/experiment-file.ts';
import { planTrainings } from '../../../src/main/experiment/planned-training.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

describe('the experiments that come with the program', () => {
  it.each(experimentNames())('%s: name, recipes and settings are sound, and no two runs are alike', (name) => {
    const { experiment } = readExperiment(name);
    expect(experiment.name).toBe(name);
    const { prepare, schemes } = planTrainings(experiment);
    expect(prepare[0]?.recipe.phase).toBe('vision');
    const recipes = schemes.map(({ recipe }) => JSON.stringify({ ...recipe, name: '' }));
    expect(new Set(recipes).size).toBe(schemes.length);
    const runs = prepare.map(({ run }) => `runs/${run}/final`);
    for (const { recipe } of schemes) expect(runs).toContain(recipe.model.tower ?? recipe.model.from);
  });

  it('keep their names for themselves, but for a copy', () => {
    const { text } = readExperiment('shapes-schemes');
    const file = join(temporaryFolder(), 'mine.yaml');
    writeFileSync(file, text);
    expect(readExperiment(file).experiment.name).toBe('shapes-schemes');
    writeFileSync(file, text.replace(/^seeds:.*$/m, 'seeds: [7]'));
    expect(() => readExperiment(file)).toThrow(
      `${file}: name: is that of an experiment that comes with the program, which is another one (found "shapes-schemes")`,
    );
  });

  it('are named where another file is asked for', () => {
    expect(() => readExperiment('shapes')).toThrow('There are: easy-vqa-schemes, shapes-compressors, shapes-schemes');
  });
});
