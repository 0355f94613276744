import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ModelExport } from '../../../../src/shared/api/models.ts';
import type { StudioJob } from '../../../../src/shared/api/jobs.ts';
import { serveForTest, until, type TestStudio } from '../../../helpers/served-studio.ts';
import { temporaryFolder } from '../../../helpers/temporary-folder.ts';
import { tinyDataset } from '../../../helpers/tiny-dataset.ts';
import { saveTinyModel } from '../../../helpers/tiny-model-folder.ts';

let studio: TestStudio;
beforeAll(async () => {
  studio = await serveForTest(undefined, 'real');
});
afterAll(async () => studio.close());

const ended = (job: string): Promise<StudioJob> =>
  until(async () => {
    const { jobs } = await studio.json<{ jobs: StudioJob[] }>('/jobs');
    return jobs.find(({ id, state }) => id === job && ['done', 'failed', 'cancelled'].includes(state));
  });

it('exports a model of the workspace, and tells what was written', async () => {
  const { train } = await tinyDataset();
  await saveTinyModel(join(studio.workspace, 'models', 'mine'), train);
  const begun = await studio.json<ModelExport>('/models/exports', { model: 'models/mine', folder: 'exports/mine' });
  expect(await ended(begun.job)).toMatchObject({ kind: 'export', state: 'done', subject: begun.id });
  const { exported } = await studio.json<ModelExport>(`/models/exports/${begun.id}`);
  expect(exported).toMatchObject({
    folder: join(studio.workspace, 'exports', 'mine'),
    form: 'merged',
    dtype: 'float32',
  });
  expect(readFileSync(join(studio.workspace, 'exports/mine/README.md'), 'utf8')).toContain('# mine');

  const again = await studio.json<ModelExport>('/models/exports', { model: 'models/mine', folder: 'exports/mine' });
  expect(await ended(again.job)).toMatchObject({
    state: 'failed',
    failure: { whatToDo: expect.any(String) as string },
  });
});

it('writes only below the root, also behind links, and only models', async () => {
  const outside = temporaryFolder();
  mkdirSync(join(studio.workspace, 'exports'), { recursive: true });
  symlinkSync(outside, join(studio.workspace, 'exports', 'link'));
  const refusals = [
    [{ model: 'models/mine', folder: outside }, 400],
    [{ model: 'models/mine', folder: '../escape' }, 400],
    [{ model: 'models/mine', folder: 'exports/link/new' }, 400],
    [{ model: 'models/none', folder: 'exports/new' }, 404],
    [{ model: 'tiny', folder: 'exports/new' }, 400],
    [{ model: 'models/mine', folder: 'exports/new', dtype: 'int8' }, 400],
  ] as const;
  for (const [body, status] of refusals) {
    const headers = { 'content-type': 'application/json' };
    const answer = await studio.ask('/api/models/exports', { method: 'POST', body: JSON.stringify(body), headers });
    expect(answer.status, `${JSON.stringify(body)}: ${answer.text}`).toBe(status);
  }
  expect(existsSync(join(outside, 'new'))).toBe(false);
});
