import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAsk, tokensText } from '../../../src/main/commands/ask.ts';

describe('llavolta ask', () => {
  it('asks compressed first, and always full', () => {
    const argv = ['--model', 'm', '--image', 'a.png', '--image', 'b.png', 'What?', '--compress', '2/8,-1/4'];
    expect(parseAsk(argv)).toEqual({
      json: false,
      job: {
        kind: 'ask',
        model: resolve('m'),
        images: [resolve('a.png'), resolve('b.png')],
        question: 'What?',
        compressions: ['2/8', '-1/4', 'none'],
        maxTokens: 128,
        temperature: 0,
        topP: 1,
        seed: 0,
      },
    });
    expect(parseAsk(['--model', 'm', 'What?']).job.compressions).toEqual(['none']);
    expect(parseAsk(['--model', 'm', 'What?', '--compress', 'none,2/8']).job.compressions).toEqual(['none', '2/8']);
  });

  it('shows frames of a video', () => {
    const { job } = parseAsk(['--model', 'm', 'What?', '--video', 'a.mp4']);
    expect(job).toMatchObject({ images: [], video: { file: resolve('a.mp4'), frames: 8 } });
    const { video } = parseAsk(['--model', 'm', 'What?', '--video', 'a.mp4', '--frames', '2fps/16']).job;
    expect(video?.frames).toEqual({ fps: 2, maximum: 16 });
  });

  it('runs eagerly where it is told to', () => {
    expect(parseAsk(['--model', 'm', 'What?', '--eager']).job.execution).toBe('eager');
  });

  it.each([
    [['--model', 'm'], 'needs one question'],
    [['--model', 'm', 'What', 'is it?'], 'needs one question, in quotes'],
    [['--model', 'm', ' '], 'needs one question'],
    [['What?'], '--model: must be given'],
    [['--model', 'm', 'What?', '--temperature', 'hot'], '--temperature: must be 0 to 100'],
    [['--model', 'm', 'What?', '--temperature', ''], '--temperature: must be 0 to 100'],
    [['--model', 'm', 'What?', '--top-p', '0'], '--top-p: must be above 0'],
    [['--model', 'm', 'What?', '--max-tokens', '1.5'], '--max-tokens: must be a whole number'],
    [['--model', 'm', 'What?', '--seed', '-1'], '--seed: must be a whole number'],
    [['--model', 'm', 'What?', '--frames', '4'], '--frames: must stand beside --video'],
    [['--model', 'm', 'What?', '--video', 'a.mp4', '--frames', '0'], '--frames: must be a whole number from 1 to 100'],
    [['--model', 'm', 'What?', '--compress', '2'], "points K/S joined by '+'"],
  ])('refuses %j', (argv, message) => {
    expect(() => parseAsk(argv)).toThrow(message);
  });

  it('says where visual tokens go', () => {
    expect(tokensText([576, 576, 72, 72])).toBe('576 → 72 at layer 2');
    expect(tokensText([8, 4, 4, 2])).toBe('8 → 4 at layer 1 → 2 at layer 3');
    expect(tokensText([5, 5])).toBe('5');
  });
});
