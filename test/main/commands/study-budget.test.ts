import { describe, expect, it, vi } from 'vitest';
import { parseBudget, run } from '../../../src/main/commands/study-budget.ts';

describe('llavolta study budget', () => {
  it('reads a budget of any kind', () => {
    const targetOf = (...argv: string[]): unknown => parseBudget(['--model', 'm', ...argv]).target;
    expect(targetOf('--tokens', '192')).toEqual({ kind: 'tokens', value: 192 });
    expect(targetOf('--cr', '557')).toEqual({ kind: 'ratio', value: 557 });
    expect(targetOf('--flops', '2.5T')).toEqual({ kind: 'flopsPaper', value: 2.5e12 });
    expect(targetOf('--exact-flops', '3e12')).toEqual({ kind: 'flopsExact', value: 3e12 });
  });

  it.each([
    [['--tokens', '192'], '--model: must be given'],
    [['--model', 'm'], 'needs one budget'],
    [['--model', 'm', '--tokens', '1', '--cr', '2'], 'needs one budget'],
    [['--model', 'm', '--tokens', '-1'], 'ambiguous'],
    [['--model', 'm', '--tokens', '0'], '--tokens: must be a number above 0'],
    [['--model', 'm', '--flops', '2X'], '--flops: must be a number above 0'],
    [['--model', 'm', '--tokens', '9', '--text-tokens', 'x'], '--text-tokens: must be a whole number'],
  ])('refuses %j', (argv, message) => {
    expect(() => parseBudget(argv)).toThrow(message);
  });

  it('prints hits of a released model, tokens by layer and FLOPs', async () => {
    const written: string[] = [];
    const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    await run(['--model', 'llava-1.5-7b', '--cr', '557']);
    out.mockRestore();
    const line = written
      .join('')
      .split('\n')
      .find((text) => text.includes(' 2/8 '));
    expect(line).toMatch(/^hit {2}2\/8 +103\.50 +3312 +18\.0 % +557 % +2\.14 T .*576 ×2, 72 ×30$/);
  });
});
