import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheFolder, enginePaths, enginePlan } from '../../scripts/setup/engine-plan.mjs';

const LINUX = { platform: 'linux', arch: 'x64' };

describe('enginePlan', () => {
  it('takes the small CPU wheel on Linux x86-64', () => {
    const plan = enginePlan(LINUX, 'cpu');
    expect(plan?.wheels).toHaveLength(1);
    expect(plan?.wheels[0]).toMatchObject({
      project: 'tensorflow-cpu',
      version: '2.21.0',
      sha256: 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb',
      bytes: 274_000_871,
    });
  });

  it('adds the CUDA libraries on the GPU, all pinned', () => {
    const wheels = enginePlan(LINUX, 'gpu')?.wheels ?? [];
    expect(wheels.map(({ project }) => project)).toContain('nvidia-cudnn-cu12');
    expect(wheels).toHaveLength(13);
    for (const wheel of wheels) expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(wheels.map(({ sha256 }) => sha256)).size).toBe(13);
  });

  it('uses the full wheel where there is no CPU-only one', () => {
    expect(enginePlan({ platform: 'linux', arch: 'arm64' }, 'cpu')?.wheels[0]?.project).toBe('tensorflow');
    expect(enginePlan({ platform: 'darwin', arch: 'arm64' }, 'cpu')?.libraries[0]).toMatch(/\.dylib$/);
  });

  it.each([
    [{ platform: 'win32', arch: 'x64' }, 'cpu'],
    [{ platform: 'darwin', arch: 'arm64' }, 'gpu'],
    [{ platform: 'linux', arch: 'arm64' }, 'gpu'],
    [{ ...LINUX, musl: true }, 'cpu'],
  ] as const)('has no plan for %o on %s', (system, variant) => {
    expect(enginePlan(system, variant)).toBeUndefined();
  });
});

describe('cacheFolder', () => {
  it('follows XDG_CACHE_HOME when it is absolute, as the standard says', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/somewhere' })).toBe('/somewhere/llavolta-studio');
    expect(cacheFolder({ XDG_CACHE_HOME: 'relative' })).toBe(join(homedir(), '.cache/llavolta-studio'));
    expect(cacheFolder({})).toBe(join(homedir(), '.cache/llavolta-studio'));
  });

  it('keeps versions and variants apart', () => {
    expect(enginePaths('/c', 'cpu').site).toBe('/c/tensorflow-2.21.0-cpu/site');
    expect(enginePaths('/c', 'gpu').folder).toBe('/c/tensorflow-2.21.0-gpu');
  });
});
