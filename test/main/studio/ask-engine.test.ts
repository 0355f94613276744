import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askEngine } from '../../../src/main/studio/ask-engine.ts';
import { engineEnvironment } from '../../../src/main/studio/engine-environment.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

/** A program that takes the place of the engine's. */
function program(text: string): string {
  const file = join(temporaryFolder(), 'engine.mjs');
  writeFileSync(file, text);
  return file;
}

describe('askEngine', () => {
  it('hears from the engine of this machine', async () => {
    const diagnosis = await askEngine();
    expect(diagnosis).toMatchObject({ report: { backend: 'tensorflow' } });
  });

  it.each([
    [
      'an exit',
      `console.error('cannot open libtensorflow'); process.exit(3);`,
      /with code 3.*cannot open libtensorflow/,
    ],
    ['a crash', `process.kill(process.pid, 'SIGKILL');`, /by SIGKILL/],
    ['nonsense', `process.send({ report: 1 }, undefined, undefined, () => process.exit(0));`, /something else/],
  ])('reports %s of the engine process', async (_kind, text, expected) => {
    const diagnosis = await askEngine(program(text));
    expect('error' in diagnosis && diagnosis.error).toMatch(expected);
  });
});

describe('engineEnvironment', () => {
  it('sets the allocator and TensorFlow quiet, and lets the user decide otherwise', () => {
    expect(engineEnvironment({})).toMatchObject({ TF_CPP_MIN_LOG_LEVEL: '3' });
    expect(engineEnvironment({ TF_CPP_MIN_LOG_LEVEL: '0' })).toMatchObject({ TF_CPP_MIN_LOG_LEVEL: '0' });
    expect(engineEnvironment({ HOME: '/home/me' })).toHaveProperty('HOME', '/home/me');
  });

  it.skipIf(process.platform !== 'linux')('has reached this very test process (Linux)', () => {
    expect(process.env['GLIBC_TUNABLES']).toContain('glibc.malloc.mmap_max=0');
  });
});
