import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttentionStudy } from '../../../../src/shared/api/attention.ts';
import type { Dataset, DatasetDetail } from '../../../../src/shared/api/datasets.ts';
import { AttentionStudies } from '../../../../src/main/studio/studies/attention-studies.ts';
import { serveForTest, until, type TestStudio } from '../../../helpers/served-studio.ts';
import { tinyDataset, type TinyDataset } from '../../../helpers/tiny-dataset.ts';
import { saveTinyModel } from '../../../helpers/tiny-model-folder.ts';
import { blockFolder, noticesOf } from '../../../helpers/unwritable.ts';

const CRASHING = fileURLToPath(new URL('../../../helpers/engines/crashing.ts', import.meta.url));
const PATIENCE_MS = 300_000;

let studio: TestStudio;
let data: TinyDataset;
let dataset: string;
beforeAll(async () => {
  studio = await serveForTest(undefined, 'real');
  data = await tinyDataset({ images: 6, questions: 1 }, join(studio.workspace, 'data', 'tiny'));
  await saveTinyModel(join(studio.workspace, 'models', 'tiny'), data.train);
  ({ id: dataset } = await studio.json<Dataset>('/datasets', { path: data.train, name: 'tiny' }));
  await until(async () => {
    const detail = await studio.json<DatasetDetail>(`/datasets/${dataset}`);
    return detail.dataset.state === 'ready';
  });
}, PATIENCE_MS);
afterAll(() => studio.close(), PATIENCE_MS);

const list = async (): Promise<AttentionStudy[]> =>
  (await studio.json<{ studies: AttentionStudy[] }>('/attention')).studies;
const ended = (id: string): Promise<AttentionStudy> =>
  until(async () => (await list()).find((study) => study.id === id && study.state !== 'running'), PATIENCE_MS);

describe('/attention', () => {
  it(
    'measures a model, keeps what was found in a file, and deletes it',
    async () => {
      const request = { model: 'models/tiny', dataset, samples: 2, compression: '1/2' };
      const { id, state } = await studio.json<AttentionStudy>('/attention', request);
      expect(state).toBe('running');
      const study = await ended(id);
      expect(study).toMatchObject({ state: 'done', request, done: 2, total: 2 });
      expect(study.report?.layers.map(({ visualTokens }) => visualTokens)).toEqual([4, 2, 2]);
      const folder = join(studio.workspace, 'studies', 'attention');
      expect(readdirSync(folder)).toEqual([`${id}.json`]);
      await studio.json(`/attention/${id}`, undefined, 'DELETE');
      expect(await list()).toEqual([]);
      expect(existsSync(join(folder, `${id}.json`))).toBe(false);
    },
    PATIENCE_MS,
  );

  it(
    'says why nothing was measured where the engine dies',
    async () => {
      const { workspace, events, board, datasets, models } = studio.served.studio;
      const own = new AttentionStudies({ workspace, events, board, datasets, models, entry: CRASHING });
      const { id } = await own.add({ model: 'models/tiny', dataset, samples: 1, compression: 'none' });
      const study = await until(() => own.list().find(({ state }) => state !== 'running'), PATIENCE_MS);
      expect(study.state).toBe('failed');
      expect(study.failure?.cause).not.toBe('');
      await own.remove(id);
    },
    PATIENCE_MS,
  );

  it(
    'is over, and says so, also where its end cannot be written',
    async () => {
      const { workspace, events, board, datasets, models } = studio.served.studio;
      const own = new AttentionStudies({ workspace, events, board, datasets, models, entry: CRASHING });
      const notices = noticesOf(events);
      const folder = join(studio.workspace, 'studies', 'attention');
      const { id } = await own.add({ model: 'models/tiny', dataset, samples: 1, compression: 'none' });
      blockFolder(folder);
      await until(() => notices.length > 0, PATIENCE_MS);
      expect(notices).toEqual([expect.stringMatching(/^Attention by depth: /)]);
      expect(own.list()).toMatchObject([{ id, state: 'failed' }]);
      rmSync(folder);
    },
    PATIENCE_MS,
  );

  it.each([
    [{ model: 'models/none', samples: 1 }, 404],
    [{ model: 'models/tiny', samples: 0 }, 400],
    [{ model: 'models/tiny', samples: 1, compression: '8' }, 400],
    [{ model: 'models/tiny', samples: 1, compression: '7/2' }, 400],
    [{ model: 'models/tiny', samples: 1, compression: '1/5' }, 400],
  ])('refuses %j', async (request, status) => {
    const answer = await studio.ask('/api/attention', {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
      body: JSON.stringify({ dataset, ...request }),
    });
    expect(answer.status).toBe(status);
  });
});
