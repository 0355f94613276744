import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseEvaluation, parseGrid } from '../../../src/main/commands/evaluate.ts';

const settingsOf = (...argv: string[]): string[] =>
  parseEvaluation(['runs/a', '--data', 't.jsonl', ...argv]).job.compressions;

describe('llavolta evaluate', () => {
  it('asks for full where nothing is said, with absolute paths', () => {
    expect(parseEvaluation(['runs/a', '--data', 't.jsonl']).job).toEqual({
      kind: 'evaluate',
      model: resolve('runs/a'),
      data: resolve('t.jsonl'),
      compressions: ['none'],
      batchSize: 64,
      maxTokens: 16,
    });
  });

  it('runs eagerly where it is told to', () => {
    expect(parseEvaluation(['a', '--data', 'd', '--eager']).job.execution).toBe('eager');
  });

  it('takes a scorer and a file for the answers', () => {
    const { job } = parseEvaluation(['a', '--data', 'd', '--scorer', 'vqa', '--answers', 'out.json']);
    expect(job).toMatchObject({ scorer: 'vqa', answers: resolve('out.json') });
  });

  it('reads settings in any notation, each once', () => {
    expect(settingsOf('--compress', 'full,1/8, -1/4,1/8,4/2+2/2,3/1')).toEqual(['none', '1/8', '-1/4', '2/2+4/2']);
  });

  it('reads layer −1 behind a space', () => {
    expect(settingsOf('--compress', '-1/4,2/8')).toEqual(['-1/4', '2/8']);
  });

  it('reads a grid as one argument or two', () => {
    const expected = ['none', '1/2', '1/4', '3/2', '3/4'];
    expect(settingsOf('--grid', 'K=1,3', 'S=2,4')).toEqual(expected);
    expect(settingsOf('--grid', 'K=1,3 S=2,4')).toEqual(expected);
    expect(parseGrid('K=-1 S=2')).toEqual(['none', '-1/2']);
    expect(settingsOf('--grid', 'K=1', 'S=2', 'C=random,average-pool')).toEqual(['none', '1/2:random', '1/2']);
    expect(parseEvaluation(['a', '--data', 'd', '--grid', 'K=1', 'S=2']).isGrid).toBe(true);
  });

  it.each([
    [['--data', 'd'], 'needs one model folder or run'],
    [['a', 'b', '--data', 'd'], 'needs one model folder or run'],
    [['a'], '--data: must be given'],
    [['a', '--data', 'd', '--compress', '8'], "points K/S joined by '+'"],
    [['a', '--data', 'd', '--limit', '0'], '--limit: must be a whole number'],
    [['a', '--data', 'd', '--batch', '1e3'], '--batch: must be a whole number'],
    [['a', '--data', 'd', '--grid', 'K=1,x', 'S=2'], 'must be whole numbers with commas'],
    [['a', '--data', 'd', '--grid', 'K=1'], 'must be layers, strides and'],
    [['a', '--data', 'd', '--grid', 'K=1', 'S=2', 'C=mean'], 'compressor must be one of'],
    [['a', '--data', 'd', '--scorer', 'bleu'], '--scorer: must be one of exact, outside, gqa'],
    [['a', '--data', 'd', '--wrong'], "Unknown option '--wrong'"],
  ])('refuses %j', (argv, message) => {
    expect(() => parseEvaluation(argv)).toThrow(message);
  });
});
