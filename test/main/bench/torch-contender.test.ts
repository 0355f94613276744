import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseBench } from '../../../src/main/bench/arguments.ts';
import { readPrinted, torchArguments, torchContender } from '../../../src/main/bench/torch-contender.ts';

const [job] = parseBench(['train', '--hidden', '64', '--batch', '2', '--layer', '-1', '--stride', '4']).jobs;

describe('the PyTorch side', () => {
  it('is given the same work', () => {
    const argv = torchArguments(job!, { head: 'text', compile: true }).join(' ');
    expect(argv).toContain('--hidden 64 --layers 8 --heads 8 --kv-heads 8 --intermediate 1376 --vocab 8192');
    expect(argv).toContain('--batch 2 --layer -1 --stride 4 --steps 10 --warmup 2 --text-head-only --compile');
    expect(
      torchArguments({ ...job!, compression: 'none', kind: 'generate' }, { head: 'sequence', compile: false }),
    ).toEqual(expect.arrayContaining(['--generate', '--new-tokens', '32']));
  });

  it('is read from the last line it prints', () => {
    const printed = { mode: 'train', torch: '2.1', threads: 2, parameters: 7, peak_rss_mb: 5 };
    const times = { ms_per_step_min: 1, ms_per_step_median: 2, loss_first: 3, loss_last: 4 };
    const text = `a warning\n${JSON.stringify({ ...printed, ...times, settings: {} })}\n`;
    expect(readPrinted(text, 'x.py')).toMatchObject({
      kind: 'train',
      msMin: 1,
      peakMb: 5,
      runsOn: 'PyTorch 2.1, 2 threads',
    });
    expect(() => readPrinted('no figures', 'x.py')).toThrow(/x\.py: printed something else/);
    expect(() => readPrinted('{"mode":"train"}', 'x.py')).toThrow(/x\.py: printed something else/);
  });

  it.skipIf(!existsSync('/usr/bin/env'))('says how the script failed (needs /usr/bin/env)', async () => {
    const failing = torchContender(
      job!,
      { head: 'text', compile: false },
      { python: '/usr/bin/env', script: '/nowhere.py' },
    );
    await expect(failing.run()).rejects.toThrow(/nowhere\.py: failed \(exit code 127\)/);
  });
});
