import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../src/main/commands/study.ts';
import { openStudy, parseStudy, type WantedStudy } from '../../../src/main/commands/study-redundancy.ts';
import { writeJsonFile } from '../../../src/main/studio/json-file.ts';
import { newRecord, StudyFolder } from '../../../src/main/studio/studies/study-folder.ts';
import { workspaceOf } from '../../../src/main/studio/workspace.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const GRID = ['--grid', 'K=1,2', 'S=2,4', 'C=random'];

describe('llavolta study redundancy', () => {
  it('reads model, data and grid, with a name of its own', () => {
    const wanted = parseStudy(['runs/a/final', '--data', 'data/shapes/test.jsonl', ...GRID, '--questions', '50']);
    expect(wanted).toEqual({
      ...{ model: resolve('runs/a/final'), data: resolve('data/shapes/test.jsonl'), isEager: false },
      name: 'a-final-shapes-test',
      asking: {
        ...{ layers: [1, 2], strides: [2, 4], compressors: ['random'], questions: 50 },
        ...{ seed: 0, maxTokens: 16, batchSize: 64 },
      },
    });
    expect(parseStudy(['runs/a/checkpoints/step-9', '--data', 'd/x.json', ...GRID]).name).toBe('a-step-9-d-x.json');
    expect(parseStudy(['models/m', '--data', 'd/x.jsonl', ...GRID, '--name', 'mine']).name).toBe('mine');
  });

  it.each([
    [['--data', 'd', ...GRID], 'needs one model folder or run'],
    [['a', ...GRID], '--data: must be given'],
    [['a', '--data', 'd'], '--grid: must be given'],
    [['a', '--data', 'd', '--grid', 'K=1', 'S=1'], 'strides[0]: must be 2 or more'],
    [['a', '--data', 'd', '--grid', 'K=1', 'S=2', 'C=mean'], 'compressors[0]: must be one of'],
    [['a', '--data', 'd', ...GRID, '--seed', 'x'], 'seed: must be'],
    [['a', '--data', 'd', ...GRID, '--name', '../x'], '--name: must be a folder name'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseStudy(argv)).toThrow(message);
  });

  it('names the studies there are', async () => {
    await expect(run(['redundance'])).rejects.toThrow('must be one of redundancy');
  });
});

describe('a study that is there', () => {
  const layers = { layers: 1, hiddenSize: 1, intermediateSize: 1 };
  const shape = {
    vision: { ...layers, imageSize: 8, patchSize: 4, hasClassToken: true },
    decoder: { ...layers, heads: 1, kvHeads: 1, headDim: 1, vocabSize: 1 },
  };

  /** Opens it once more. `begun` and `again` are the images it was begun with, and those of the command now. */
  async function reopened(begun: string, again: string | undefined, more: string[] = []): Promise<string> {
    const workspace = workspaceOf(realpathSync(temporaryFolder()));
    const inside = (path: string): string => join(workspace.folder, path);
    mkdirSync(inside('data/images'), { recursive: true });
    symlinkSync(inside('data/images'), inside('data/linked'));
    const wanted = (images: string | undefined, argv: string[]): WantedStudy =>
      parseStudy([
        ...[inside('models/m'), '--data', inside('data/x.jsonl'), ...GRID, ...argv],
        ...(images === undefined ? [] : ['--images', inside(images)]),
      ]);
    const request = { model: 'models/m', data: 'data/x.jsonl', ...wanted(begun, []).asking };
    const folder = new StudyFolder(inside('studies/s'));
    const facts = { compressions: ['none'], total: 1, modelFolder: 'models/m', visualTokens: 4, weights: [] };
    await writeJsonFile(folder.file('record'), newRecord({ ...facts, request, shape, images: begun }));
    return (await openStudy(folder, wanted(again, more), workspace)).images;
  }

  it.each([
    ['data/images', undefined],
    ['data/images', 'data/images'],
    ['data/images', 'data/linked'],
    ['data/absent', 'data/absent'],
  ])('goes on with the images it was begun with: %s, now %s', async (begun, again) => {
    expect(await reopened(begun, again)).toBe(begun);
  });

  it.each([
    ['data/images', 'data/others'],
    ['data/others', undefined],
  ])('is not asked with other images: %s, now %s', async (begun, again) => {
    await expect(reopened(begun, again)).rejects.toThrow(`images: is "${begun}" in the study that is there`);
  });

  it('is not asked anything else', async () => {
    await expect(reopened('data/images', undefined, ['--seed', '1'])).rejects.toThrow('seed: is 0 in the study');
  });
});
