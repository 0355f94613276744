import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../src/main/commands/study.ts';
import { parseStudy } from '../../../src/main/commands/study-redundancy.ts';

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
