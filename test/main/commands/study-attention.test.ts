import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAttention } from '../../../src/main/commands/study-attention.ts';
import { run } from '../../../src/main/commands/study.ts';

describe('llavolta study attention', () => {
  it('reads model, data and setting, with absolute paths', () => {
    expect(parseAttention(['runs/a', '--data', 't.jsonl']).job).toEqual({
      ...{ kind: 'attention', model: resolve('runs/a'), data: resolve('t.jsonl'), samples: 64, compression: 'none' },
    });
    const wanted = parseAttention(['m', '--data', 'd', '--samples', '8', '--compress', '-1/4', '--csv', 'a.csv']);
    expect(wanted).toMatchObject({ job: { samples: 8, compression: '-1/4' }, csv: 'a.csv' });
  });

  it.each([
    [['--data', 'd'], 'needs one model folder or run'],
    [['a'], '--data: must be given'],
    [['a', '--data', 'd', '--samples', '0'], '--samples: must be a whole number from 1 to 10000'],
    [['a', '--data', 'd', '--samples', '1e2'], '--samples: must be a whole number'],
    [['a', '--data', 'd', '--compress', '8'], "points K/S joined by '+'"],
  ])('refuses %j', (argv, message) => {
    expect(() => parseAttention(argv)).toThrow(message);
  });

  it('is named where another study is asked for', async () => {
    await expect(run(['attentoin'])).rejects.toThrow(/must be one of .*attention/);
  });
});
