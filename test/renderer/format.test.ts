import { expect, it } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatFlops,
  formatMs,
  formatNumber,
  formatRatio,
  formatShare,
  formatTokens,
} from '../../src/renderer/src/format.ts';

/** The narrow space before a unit, written as an underscore. */
const plain = (text: string): string => text.replaceAll('\u202f', '_');

it.each([
  [formatCount(48_248), '48,248'],
  [formatTokens(950), '950'],
  [formatTokens(18_432), '18.4_k'],
  [formatTokens(999_600), '1.00_M'],
  [formatFlops(8.26e12), '8.26_TFLOPs'],
  [formatBytes(512), '512_B'],
  [formatBytes(1_310_000_000), '1.31_GB'],
  [formatMs(0.424), '0.42_ms'],
  [formatMs(240), '240_ms'],
  [formatMs(1310), '1.31_s'],
  [formatMs(252_000), '4_min 12_s'],
  [formatDuration(42), '42_s'],
  [formatDuration(252), '4_min 12_s'],
  [formatDuration(3780), '1_h 03_min'],
  [formatDuration(187_200), '2_d 4_h'],
  [formatShare(0.985), '98.5_%'],
  [formatRatio(557.2), '557_%'],
  [formatNumber(0.012344), '0.01234'],
  [formatNumber(0.000015), '1.5e-5'],
  [formatNumber(-2.31749), '-2.317'],
  [formatNumber(0), '0'],
])('%j is %j', (text, expected) => {
  expect(plain(text)).toBe(expected);
});

it('writes what is not known as a dash', () => {
  for (const format of [formatCount, formatTokens, formatFlops, formatBytes, formatMs, formatDuration, formatNumber]) {
    expect(format(undefined)).toBe('–');
    expect(format(NaN)).toBe('–');
  }
});

it('says how long ago, and gives the date of what is old', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  expect(formatAgo('2026-11-22T11:59:40Z', now)).toBe('now');
  expect(plain(formatAgo('2026-11-22T11:56:00Z', now))).toBe('4_min ago');
  expect(plain(formatAgo('2026-11-22T09:00:00Z', now))).toBe('3_h ago');
  expect(formatAgo('2026-11-02T12:00:00Z', now)).toBe('2 Nov 2026');
});
