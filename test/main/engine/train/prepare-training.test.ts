import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseImageProcessor } from '../../../../src/main/engine/data/image-processor.ts';
import { readCompanionFiles, type CompanionFiles } from '../../../../src/main/engine/model/model-folder.ts';
import { prepareTraining } from '../../../../src/main/engine/train/prepare-training.ts';
import { loadRecipe } from '../../../../src/main/engine/train/recipe-file.ts';
import { writeRecipe } from '../../../helpers/engine-runs.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';
import { saveTinyModel } from '../../../helpers/tiny-model-folder.ts';

const padsToSquare = ({ 'preprocessor_config.json': text = '{}' }: CompanionFiles): boolean =>
  parseImageProcessor(JSON.parse(text), 'preprocessor_config.json').padToSquare;

it('pads pictures to squares and says so, also where a checkpoint of an earlier version does not', async () => {
  const folder = temporaryFolder();
  const { train } = await tinyDataset();
  const model = join(folder, 'model');
  await saveTinyModel(model, train);
  const recipe = loadRecipe(
    writeRecipe(join(folder, 'recipe.yaml'), train, {
      model: { from: model },
      stages: [{ compression: '1/2' }],
      stageDepth: 3,
      optimizer: { lr: 1e-3, batchSize: 2, steps: 4 },
    }),
  );
  const brought = await readCompanionFiles(model);
  expect(padsToSquare(brought)).toBe(false);

  const first = await prepareTraining(recipe);
  expect(padsToSquare(first.model.companions)).toBe(true);
  const from = { ...first.loop.snapshot(), config: first.model.config, companions: brought };
  first.dispose();

  const resumed = await prepareTraining(recipe, { from });
  expect(padsToSquare(resumed.model.companions)).toBe(true);
  resumed.dispose();
});
