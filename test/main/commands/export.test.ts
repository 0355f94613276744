import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseExport } from '../../../src/main/commands/export.ts';

describe('llavolta export', () => {
  it('exports the whole model in float32 unless told otherwise', () => {
    expect(parseExport(['runs/staged', '--to', 'out'])).toEqual({
      json: false,
      job: {
        ...{ kind: 'export', model: resolve('runs/staged'), folder: resolve('out'), replace: false },
        ...{ form: 'merged', dtype: 'float32' },
      },
    });
  });

  it('takes a step, a type, the adapter alone', () => {
    const argv = [
      'runs/staged',
      '--to',
      'out',
      '--step',
      '40',
      '--dtype',
      'bfloat16',
      '--adapter',
      '--force',
      '--json',
    ];
    const { job, json } = parseExport(argv);
    expect(job).toMatchObject({ step: 40, dtype: 'bfloat16', form: 'adapter', replace: true });
    expect(json).toBe(true);
  });

  it("takes the tower of a checkpoint in the LLaVA authors' layout", () => {
    expect(parseExport(['llava-v1.5', '--to', 'out', '--tower', 'clip']).job.tower).toBe(resolve('clip'));
  });

  it.each([
    [['--to', 'out'], 'needs one run, checkpoint or model folder'],
    [['a', 'b', '--to', 'out'], 'needs one run, checkpoint or model folder'],
    [['a'], '--to: must be given'],
    [['a', '--to', 'out', '--step', '-1'], '--step'],
    [['a', '--to', 'out', '--step', '1.5'], '--step: must be a whole number of 0 or more'],
    [['a', '--to', 'out', '--dtype', 'int8'], '--dtype: must be one of float32, bfloat16, float16'],
    [['a', '--to', 'out', '--adapter', '--merged'], '--adapter: must not stand beside --merged'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseExport(argv)).toThrow(message);
  });
});
