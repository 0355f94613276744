import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ENGINE_EXEC_ARGV, engineEnvironment } from '../../../../src/main/studio/engine-environment.ts';
import { EXECUTION_MODES } from '../../../../src/shared/execution-mode.ts';

const SCRIPT = fileURLToPath(new URL('../../../helpers/step-hashes.ts', import.meta.url));

const hashOf = (mode: string): string =>
  execFileSync(process.execPath, [...ENGINE_EXEC_ARGV, SCRIPT, mode], { env: engineEnvironment(), encoding: 'utf8' });

it.each(EXECUTION_MODES)(
  'two processes compute the same bits of every gradient and weight: %s',
  { timeout: 300_000 },
  (mode) => {
    const first = hashOf(mode);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(hashOf(mode)).toBe(first);
  },
);
