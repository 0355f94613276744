import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDesktopArguments } from '../../../src/main/desktop/arguments.ts';

describe('parseDesktopArguments', () => {
  it('finds its own arguments among those of Chromium and test drivers', () => {
    const argv = ['--inspect=0', '--remote-debugging-port=0', 'out/app', '--workspace', 'work', '--no-sandbox'];
    expect(parseDesktopArguments(argv)).toEqual({ workspace: resolve('work') });
    expect(parseDesktopArguments(['out/app'])).toEqual({});
  });

  it.each([
    ['http://127.0.0.1:7860/?token=abc', 'http://127.0.0.1:7860/?token=abc'],
    ['http://localhost:7860', 'http://localhost:7860/'],
    ['http://[::1]:7860', 'http://[::1]:7860/'],
    ['https://gpu.example/', 'https://gpu.example/'],
  ])('attaches to %s', (address, href) => {
    expect(parseDesktopArguments(['out/app', `--attach=${address}`])).toEqual({ attach: href });
    expect(parseDesktopArguments(['out/app', '--attach', address])).toEqual({ attach: href });
  });

  it.each(['http://gpu.example/', 'http://127.0.0.1.example/', 'http://a:b@127.0.0.1/', 'file:///etc', 'gpu:7860', ''])(
    'refuses to attach to "%s"',
    (address) => expect(() => parseDesktopArguments(['out/app', `--attach=${address}`])).toThrow('--attach'),
  );

  it('misses a value', () => {
    expect(() => parseDesktopArguments(['out/app', '--attach'])).toThrow('must be followed by a value');
    expect(() => parseDesktopArguments(['out/app', '--workspace', '--attach'])).toThrow('must be followed by a value');
  });
});
