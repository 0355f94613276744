import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examineEngine, examineTools, formatFindings, shortHome } from '../../src/main/doctor.ts';
import type { EngineReport } from '../../src/shared/engine-report.ts';

const report: EngineReport = {
  backend: 'tensorflow',
  device: 'CPU',
  versions: { tensorflow: '2.21.0', tfjs: '4.22.0', tfjsNode: '4.22.0', node: 'v20.20.2' },
  threads: 2,
  memory: { total: 8e9, free: 4e9, resident: 450e6 },
  recordedFunctions: true,
  startMs: 900,
};
const allTools = { npm: '11.0.0', python: 'pip 25', compiler: 'g++ 12', electron: undefined, ffmpeg: '5.1' };
const noTools = { npm: undefined, python: undefined, compiler: undefined, electron: undefined, ffmpeg: undefined };

describe('examineTools', () => {
  it('misses Python and a compiler only as long as TensorFlow does not run', () => {
    const states = (engineRuns: boolean): string[] =>
      examineTools(noTools, engineRuns)
        .filter(({ name }) => name === 'Python' || name === 'Compiler')
        .map(({ state }) => state);
    expect(states(true)).toEqual(['absent', 'absent']);
    expect(states(false)).toEqual(['missing', 'missing']);
  });

  it('says how to get ffmpeg, which only videos need', () => {
    const finding = examineTools(noTools, true).find(({ name }) => name === 'ffmpeg');
    expect(finding?.state).toBe('absent');
    expect(finding?.remedy).toContain('apt-get install ffmpeg');
    expect(formatFindings(examineTools(allTools, true))).toMatch(/ffmpeg +ok +5\.1/);
  });

  it('never misses Electron', () => {
    expect(examineTools(allTools, true).filter(({ state }) => state === 'missing')).toEqual([]);
  });
});

describe('examineEngine', () => {
  it('names versions, device and threads', () => {
    const text = formatFindings(examineEngine({ report }, 'cpu'));
    for (const part of ['2.21.0', 'tensorflow', '4.22.0', 'CPU, 2 threads', '450 MB']) expect(text).toContain(part);
    expect(text).toContain('Everything needed is there.');
  });

  it('says that everything runs eagerly where the addon has no recorded functions', () => {
    expect(formatFindings(examineEngine({ report }, 'cpu'))).toContain('recorded functions (graph mode)');
    const findings = examineEngine({ report: { ...report, recordedFunctions: false } }, 'cpu');
    expect(findings.filter(({ state }) => state === 'missing')).toEqual([]);
    const text = formatFindings(findings);
    expect(text).toContain('everything runs op by op');
    expect(text).toContain('npm run setup');
  });

  it('says what to do where the GPU library finds no GPU', () => {
    const findings = examineEngine({ report }, 'gpu');
    expect(findings.filter(({ state }) => state === 'missing').map(({ name }) => name)).toEqual(['Device']);
    expect(formatFindings(findings)).toContain('nvidia-smi');
    expect(examineEngine({ report: { ...report, device: 'GPU' } }, 'gpu').every(({ state }) => state === 'ok')).toBe(
      true,
    );
  });

  it('says what to do where TensorFlow does not load', () => {
    const text = formatFindings(examineEngine({ error: 'no such library\nand a long trace' }, 'cpu'));
    expect(text).toContain('MISSING');
    expect(text).toContain('no such library');
    expect(text).toContain('npm run setup');
    expect(text).not.toContain('long trace');
  });

  it('calls the user’s folder ~', () => {
    const home = join('/', 'home', 'me');
    expect(shortHome(`pip from ${join(home, '.pyenv')}, not ${home}ly`, home)).toBe(
      `pip from ${join('~', '.pyenv')}, not ${home}ly`,
    );
    expect(shortHome('/usr/bin', '/')).toBe('/usr/bin');
  });
});
