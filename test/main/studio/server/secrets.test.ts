import { expect, it } from 'vitest';
import { RateLimiter } from '../../../../src/main/studio/server/rate-limit.ts';
import { Admission, isSame, newSecret } from '../../../../src/main/studio/server/secrets.ts';

it('makes secrets of 32 random bytes', () => {
  const secrets = Array.from({ length: 50 }, newSecret);
  expect(new Set(secrets).size).toBe(50);
  for (const secret of secrets) expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
});

it('compares texts of any length', () => {
  expect(isSame('abc', 'abc')).toBe(true);
  for (const other of ['', 'ab', 'abcd', 'abd']) expect(isSame(other, 'abc')).toBe(false);
});

it('opens one session for each token', () => {
  const admission = new Admission();
  const [first, second] = [admission.newToken(), admission.newToken()];
  const session = admission.exchange(first);
  expect(session).toBeDefined();
  expect(admission.isSession(session ?? '')).toBe(true);
  expect(admission.exchange(first)).toBeUndefined();
  expect(admission.exchange('')).toBeUndefined();
  expect(admission.isSession(first)).toBe(false);
  expect(admission.exchange(second)).not.toBe(session);
});

it('lets so many requests in at once and so many a second, for each address', () => {
  let now = 0;
  const limiter = new RateLimiter({ capacity: 3, perSecond: 2 }, () => now);
  const allowed = (): boolean[] => Array.from({ length: 4 }, () => limiter.allows('a'));
  expect(allowed()).toEqual([true, true, true, false]);
  expect(limiter.allows('b')).toBe(true);
  now = 500;
  expect(allowed()).toEqual([true, false, false, false]);
  now = 100_000;
  expect(allowed()).toEqual([true, true, true, false]);
});
