import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ModelLibrary } from '../../../../src/main/studio/models/model-library.ts';
import { RunStore } from '../../../../src/main/studio/runs/run-store.ts';
import { workspaceOf } from '../../../../src/main/studio/workspace.ts';
import { writeRun } from '../../../helpers/run-folder.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';

const MODEL = fileURLToPath(new URL('../../../golden/families/clip-mistral-llama3/model', import.meta.url));

it('tells what the run of a model trained: the decoder of a vision tower cannot answer', async () => {
  const folder = temporaryFolder();
  for (const recipe of ['demo-tower', 'easy-vqa-two-stage']) {
    const run = writeRun(join(folder, 'runs', recipe), { recipe });
    for (const name of ['final', join('checkpoints', 'step-9')]) cpSync(MODEL, join(run, name), { recursive: true });
  }
  const workspace = workspaceOf(folder);
  const library = new ModelLibrary(workspace, new RunStore(workspace, () => expect.unreachable()));
  const { models } = await library.list();
  const phases = Object.fromEntries(models.flatMap(({ id, phase }) => (phase === undefined ? [] : [[id, phase]])));
  expect(phases).toEqual({
    'runs/demo-tower/final': 'vision',
    'runs/demo-tower/checkpoints/step-9': 'vision',
    'runs/easy-vqa-two-stage/final': 'instruct',
    'runs/easy-vqa-two-stage/checkpoints/step-9': 'instruct',
  });
});
