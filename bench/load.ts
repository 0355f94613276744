/**
 * How long a real checkpoint takes to load and how much memory: a synthetic one of llava-interleave-qwen-0.5b's shapes,
 * against reading its files. Written to the temporary folder and deleted afterwards.
 *
 *     npm run bench:load -- [--dtype BF16|F16|F32] [--rounds 3]
 *
 * It needs Linux and up to 3.5 GB of disk and 4 GB of memory. The files are in the system's cache for both sides.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { writeModel } from './load/model.ts';

const MEASURE = fileURLToPath(new URL('./load/measure.ts', import.meta.url));
const measured = z.object({
  ms: z.number(),
  cpuMs: z.number(),
  before: z.number(),
  peak: z.number(),
  kept: z.literal(true),
});
type Measured = z.output<typeof measured>;

const { values } = parseArgs({
  options: { dtype: { type: 'string', default: 'BF16' }, rounds: { type: 'string', default: '3' } },
});
const dtype = z.enum(['BF16', 'F16', 'F32']).parse(values.dtype);
const rounds = z.coerce.number().int().min(1).parse(values.rounds);

function measure(what: 'read' | 'load', folder: string): Measured {
  const output = execFileSync(process.execPath, ['--import', 'tsx', MEASURE, what, folder], {
    encoding: 'utf8',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return measured.parse(JSON.parse(output));
}

const GB = 1e9;
const least = (all: readonly Measured[], what: 'ms' | 'cpuMs'): number =>
  Math.min(...all.map((one) => one[what])) / 1000;
const timesText = (all: readonly Measured[]): string =>
  `${least(all, 'ms').toFixed(2)} s, of the processor ${least(all, 'cpuMs').toFixed(2)} s`;

const folder = await mkdtemp(join(tmpdir(), 'llavolta-load-'));
try {
  const weights = await writeModel(folder, dtype);
  const turns = Array.from({ length: rounds }, () => ({
    read: measure('read', folder),
    load: measure('load', folder),
  }));
  const reads = turns.map(({ read }) => read);
  const loads = turns.map(({ load }) => load);
  const ratio = (what: 'ms' | 'cpuMs'): string => (least(loads, what) / least(reads, what)).toFixed(2);
  const float32 = weights * 4;
  const peak = Math.max(...loads.map((one) => one.peak));
  const grown = Math.max(...loads.map((one) => one.peak - one.before));
  const lines = [
    `${(weights / 1e6).toFixed(0)} M weights as ${dtype}; float32 on the device: ${(float32 / GB).toFixed(2)} GB`,
    `plain read of the files  ${timesText(reads)}`,
    `load to the device       ${timesText(loads)}: ${ratio('ms')} x and ${ratio('cpuMs')} x the plain read`,
    `peak resident            ${(peak / GB).toFixed(2)} GB, ${(peak / float32).toFixed(3)} x the float32 weights`,
    `of it for loading        ${(grown / GB).toFixed(2)} GB, ${(grown / float32).toFixed(3)} x`,
    `fastest of ${rounds} rounds; load average ${(loadavg()[0] ?? 0).toFixed(1)}`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
