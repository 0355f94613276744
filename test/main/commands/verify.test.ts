import { describe, expect, it } from 'vitest';
import { formatChecks } from '../../../src/main/commands/verify.ts';
import type { Check } from '../../../src/shared/verification.ts';

const CHECKS: Check[] = [
  {
    case: 'a',
    topic: 'forward',
    name: 'logits',
    status: 'pass',
    measure: 'largest absolute difference',
    difference: 1.55e-5,
    tolerance: 1e-4,
  },
  {
    case: 'a',
    topic: 'forward',
    name: 'ids',
    status: 'fail',
    measure: 'entries that differ',
    difference: 3,
    tolerance: 0,
  },
  { case: 'b', topic: 'training', name: 'lora', status: 'skipped', reason: 'not yet' },
];

describe('llavolta verify', () => {
  it('tells the difference and tolerance of every tensor, and counts by case', () => {
    const lines = formatChecks(CHECKS).split('\n');
    expect(lines[0]).toBe('a: 1 pass, 1 fail, 0 skipped');
    expect(lines[2]).toMatch(/^pass\s+forward\s+logits\s+1\.55e-5\s+1e-4\s+absolute$/);
    expect(lines[3]).toMatch(/^fail\s+forward\s+ids\s+3\s+0\s+entries$/);
    expect(lines[5]).toBe('b: 0 pass, 0 fail, 1 skipped');
    expect(lines[7]).toMatch(/^skipped\s+training\s+lora\s+not yet$/);
    expect(lines.at(-2)).toBe('all: 1 pass, 1 fail, 1 skipped');
  });
});
