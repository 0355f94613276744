import { expect, it } from 'vitest';
import { oneAtATime } from '../../../src/main/experiment/one-at-a-time.ts';

/** A work that ends when it is told to, and counts how often it began. */
function controlled() {
  const ends: ((error?: Error) => void)[] = [];
  const work = (): Promise<number> =>
    new Promise((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve(ends.length))));
  return { ends, ask: oneAtATime(work) };
}

it('runs once more for all who ask while it runs', async () => {
  const { ends, ask } = controlled();
  const first = ask();
  const [second, third] = [ask(), ask()];
  expect(ends).toHaveLength(1);
  ends[0]?.();
  expect(await first).toBe(1);
  await Promise.resolve();
  expect(ends).toHaveLength(2);
  ends[1]?.();
  expect(await Promise.all([second, third])).toEqual([2, 2]);
});

it('goes on after a failure, which is told to those alone who asked for that one', async () => {
  const { ends, ask } = controlled();
  const first = ask();
  const second = ask();
  ends[0]?.(new Error('full disk'));
  await expect(first).rejects.toThrow('full disk');
  await new Promise((resolve) => setTimeout(resolve));
  ends[1]?.();
  expect(await second).toBe(2);
  const later = ask();
  ends[2]?.();
  expect(await later).toBe(3);
});
