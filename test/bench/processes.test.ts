import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { familyOf, processorSeconds, residentBytes } from '../../bench/studio/processes.ts';

const onLinux = test.skipIf(process.platform !== 'linux');

onLinux('a process has those it started as family, and their memory counts', async () => {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setTimeout(() => {}, 60000)']);
  try {
    await once(child.stdout, 'data');
    expect(familyOf(process.pid)).toEqual(expect.arrayContaining([process.pid, child.pid]));
    const [own, both] = [residentBytes([process.pid]), residentBytes([process.pid, child.pid ?? 0])];
    expect(own / process.memoryUsage.rss()).toBeCloseTo(1, 0);
    expect(both - own).toBeGreaterThan(10e6);
  } finally {
    child.kill();
  }
  await once(child, 'close');
  expect(familyOf(process.pid)).not.toContain(child.pid);
});

onLinux('processor time rises while a process computes', () => {
  const before = processorSeconds(process.pid);
  const end = performance.now() + 300;
  while (performance.now() < end) Math.sqrt(end);
  const taken = processorSeconds(process.pid) - before;
  expect(taken).toBeGreaterThan(0.02);
  expect(taken).toBeLessThan(10);
});
