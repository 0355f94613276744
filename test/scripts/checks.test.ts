import { expect, it } from 'vitest';
import { countTests, summaryLine } from '../../scripts/setup/checks.mjs';
import { isSupportedNode } from '../../scripts/setup/node-version.mjs';

const tests = (...states: string[]): { status: string }[] => states.map((status) => ({ status }));

it('counts tests, and a file that does not load as one failure', () => {
  const report = {
    testResults: [
      { status: 'passed', assertionResults: tests('passed', 'passed', 'pending', 'todo') },
      { status: 'failed', assertionResults: tests('passed', 'failed', 'failed') },
      { status: 'failed', assertionResults: [] },
    ],
  };
  expect(countTests(report)).toEqual({ passed: 3, failed: 3, skipped: 2 });
});

it('writes the line that CI reads', () => {
  expect(summaryLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
  expect(summaryLine({ passed: 12, failed: 1, skipped: 3 })).toBe('12 passed, 1 failed, 3 skipped');
});

it.each([
  ['v20.19.0', true],
  ['v20.20.2', true],
  ['v24.0.0', true],
  ['v20.18.3', false],
  ['v18.20.0', false],
  ['v9.11.2', false],
])('Node %s is new enough: %s', (version, expected) => {
  expect(isSupportedNode(version)).toBe(expected);
});
