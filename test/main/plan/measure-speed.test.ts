import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureSpeed } from '../../../src/main/plan/measure-speed.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

describe('the speed of this machine', () => {
  it('is measured in an engine process', async () => {
    expect(await measureSpeed()).toBeGreaterThan(1e6);
  });

  it('is asked for where the engine does not run', async () => {
    const program = join(temporaryFolder(), 'crash.mjs');
    writeFileSync(program, "console.error('no library'); process.exit(3);");
    await expect(measureSpeed(program)).rejects.toThrow('--gflops: could not be measured: no library');
  });
});
