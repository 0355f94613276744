import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EventHub } from '../../../../src/main/studio/events/event-hub.ts';
import { JobBoard } from '../../../../src/main/studio/jobs/job-board.ts';
import { Probes } from '../../../../src/main/studio/recipes/probes.ts';
import { workspaceOf } from '../../../../src/main/studio/workspace.ts';
import { until } from '../../../helpers/served-studio.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { blockFolder, noticesOf } from '../../../helpers/unwritable.ts';

const RECIPE = `name: quick
model: { from: tiny }
data: { train: data/train.jsonl }
optimizer: { lr: 1e-3, batchSize: 2, steps: 10 }
stages: [{ compression: 2/8 }]
stageDepth: 4
`;

it('fails, and says so, where its recipe can be neither written nor deleted', async () => {
  const events = new EventHub();
  const workspace = workspaceOf(temporaryFolder());
  mkdirSync(workspace.studio);
  blockFolder(join(workspace.studio, 'probes'));
  const notices = noticesOf(events);
  const probes = new Probes(workspace, events, new JobBoard(events));
  const { id } = await probes.start(RECIPE);
  await until(() => notices.length > 0, 10_000);
  expect(probes.get(id).state).toBe('failed');
  expect(notices).toEqual([expect.stringMatching(/^Measure quick: /)]);
});
