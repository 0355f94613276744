import { describe, expect, it } from 'vitest';
import { parseBench } from '../../../src/main/bench/arguments.ts';
import { InputError } from '../../../src/shared/errors.ts';

describe('llavolta bench: the arguments', () => {
  it('give two shapes, full and 2/8, by default', () => {
    const { jobs, modes, torch, variants } = parseBench(['train']);
    expect(jobs.map(({ shape, compression }) => [shape.hidden, shape.batch, compression])).toEqual([
      [512, 1, 'none'],
      [512, 1, '2/8'],
      [256, 2, 'none'],
      [256, 2, '2/8'],
    ]);
    expect(modes).toEqual(['graph']);
    expect(torch).toBeUndefined();
    expect(variants.map(({ head }) => head)).toEqual(['text', 'sequence']);
  });

  it('give one shape as soon as a size is named, with as many key heads as heads', () => {
    const { jobs } = parseBench(['train', '--hidden', '64', '--heads', '4', '--layer', '-1', '--stride', '4']);
    expect(jobs).toHaveLength(1);
    expect(jobs[0]).toMatchObject({ compression: '-1/4', shape: { hidden: 64, heads: 4, kvHeads: 4, vocab: 8192 } });
    expect(parseBench(['train', '--kv-heads', '2']).jobs[0]?.shape.kvHeads).toBe(2);
    expect(parseBench(['train', '--batch', '3', '--stride', '1']).jobs[0]?.compression).toBe('none');
  });

  it('take a list of settings for every shape', () => {
    const { jobs } = parseBench(['train', '--settings', 'none, 2/8,2/2+4/2', '--hidden', '64']);
    expect(jobs.map(({ compression }) => compression)).toEqual(['none', '2/8', '2/2+4/2']);
    expect(() => parseBench(['train', '--settings', '9/8'])).toThrow('layer must be between -1 and 7');
  });

  it('of generation are for one PyTorch', () => {
    const { modes, variants } = parseBench(['generate', '--mode', 'both', '--compile']);
    expect(modes).toEqual(['graph', 'eager']);
    expect(variants).toHaveLength(1);
  });

  it('take precision and checkpointing of our training', () => {
    const { jobs } = parseBench(['train', '--precision', 'bfloat16', '--checkpointing']);
    expect(jobs[0]).toMatchObject({ precision: 'bfloat16', gradientCheckpointing: true });
  });

  it('never take fewer turns at most than at least', () => {
    expect(parseBench(['train', '--rounds', '12']).limits).toEqual({ rounds: 12, maxRounds: 12 });
  });

  const wrong: [string[], RegExp][] = [
    [[], /must be train, generate or compressors/],
    [['train', 'x'], /must be train, generate or compressors/],
    [['train', '--hidden', '100'], /--heads: must divide hidden 100 into heads of even width \(found 8\)/],
    [['train', '--kv-heads', '3'], /--kv-heads: must divide the 8 heads/],
    [['train', '--batch', '1.5'], /--batch: must be a whole number of 0 or more/],
    [['train', '--batch', '0'], /batch: must be 1 or more/],
    [['train', '--steps', '0'], /--steps: must be a whole number of 1 or more/],
    [['train', '--layer', '8', '--stride', '2'], /layer must be between -1 and 7/],
    [['generate', '--settings=-1/4:visionzip'], /must have no compressor that works on the vision tower's features/],
    [['train', '--stride', '600'], /stride must be at most 576/],
    [['train', '--precision', 'float16'], /--precision: must be float32 or bfloat16/],
    [['train', '--mode', 'fast'], /--mode: must be graph, eager or both/],
    [['train', '--python', '/nowhere/python'], /--python: must be a file that is there/],
  ];
  it.each(wrong)('%j are refused', (argv, message) => {
    expect(() => parseBench(argv)).toThrow(message);
    expect(() => parseBench(argv)).toThrow(InputError);
  });
});
