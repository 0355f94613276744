import { spawn } from 'node:child_process';
import { z } from 'zod';
import type { BenchJob, BenchResult } from '../../shared/bench.ts';
import type { BenchShape } from '../../shared/bench-shape.ts';
import { parseCompression } from '../../shared/compression.ts';
import { InputError } from '../../shared/errors.ts';
import type { Contender } from './contender.ts';

export interface TorchScript {
  /** A Python that has torch. */
  readonly python: string;
  readonly script: string;
}

/** How PyTorch runs: the output head on text positions only, as ours, or on the whole sequence; compiled or eager. */
export interface TorchVariant {
  readonly head: 'text' | 'sequence';
  readonly compile: boolean;
}

const STDERR_SHOWN = 600;

/** What the script prints; of its other fields nothing is needed. */
const common = { torch: z.string(), threads: z.int(), parameters: z.int(), peak_rss_mb: z.number() };
const printedSchema = z.discriminatedUnion('mode', [
  z.object({
    mode: z.literal('train'),
    ...common,
    ms_per_step_min: z.number(),
    ms_per_step_median: z.number(),
    loss_first: z.number(),
    loss_last: z.number(),
  }),
  z.object({
    mode: z.literal('generate'),
    ...common,
    prefill_ms_min: z.number(),
    prefill_ms_median: z.number(),
    decode_tokens_per_s_max: z.number(),
    decode_tokens_per_s_median: z.number(),
    cache_entries_per_layer: z.array(z.int()),
  }),
]);

const SHAPE_FLAGS: Readonly<Record<keyof BenchShape, string>> = {
  hidden: '--hidden',
  layers: '--layers',
  heads: '--heads',
  kvHeads: '--kv-heads',
  intermediate: '--intermediate',
  vocab: '--vocab',
  nvis: '--nvis',
  text: '--text',
  batch: '--batch',
};

/** The script's arguments for the same work. */
export function torchArguments(job: BenchJob, { head, compile }: TorchVariant): string[] {
  const shape = Object.entries(SHAPE_FLAGS).flatMap(([name, flag]) => [flag, job.shape[name as keyof BenchShape]]);
  const [point] = parseCompression(job.compression);
  const pooling = point ? ['--layer', point.layer, '--stride', point.stride] : [];
  const counts = ['--steps', job.steps, '--warmup', job.warmup];
  const generation = job.kind === 'generate' ? ['--generate', '--new-tokens', job.newTokens] : [];
  const flags = [...(head === 'text' ? ['--text-head-only'] : []), ...(compile ? ['--compile'] : [])];
  return [...shape, ...pooling, ...counts, ...generation, ...flags].map(String);
}

/** @throws InputError where it is not what the script prints */
export function readPrinted(stdout: string, script: string): BenchResult {
  const parsed = printedSchema.safeParse(lastJsonLine(stdout));
  if (!parsed.success) {
    throw new InputError({
      file: script,
      rule: 'printed something else than the JSON of a bench',
      value: stdout.trim(),
    });
  }
  const printed = parsed.data;
  const process = {
    runsOn: `PyTorch ${printed.torch}, ${printed.threads} threads`,
    parameters: printed.parameters,
    peakMb: printed.peak_rss_mb,
  };
  if (printed.mode === 'train') {
    const { ms_per_step_min, ms_per_step_median, loss_first, loss_last } = printed;
    const times = { msMin: ms_per_step_min, msMedian: ms_per_step_median };
    return { kind: 'train', ...process, ...times, lossFirst: loss_first, lossLast: loss_last };
  }
  return {
    kind: 'generate',
    ...process,
    prefillMsMin: printed.prefill_ms_min,
    prefillMsMedian: printed.prefill_ms_median,
    decodeTokensPerSecondMax: printed.decode_tokens_per_s_max,
    decodeTokensPerSecondMedian: printed.decode_tokens_per_s_median,
    cacheLengths: printed.cache_entries_per_layer,
  };
}

function lastJsonLine(stdout: string): unknown {
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
}

/** PyTorch on one job. */
export function torchContender(job: BenchJob, variant: TorchVariant, torch: TorchScript): Contender {
  const how = variant.compile ? 'compiled' : 'eager';
  const head = variant.head === 'text' ? 'head on text' : 'head on all';
  const name = job.kind === 'train' ? `${how}, ${head}` : how;
  return { side: 'torch', name, run: () => runTorch(torchArguments(job, variant), torch) };
}

function runTorch(argv: readonly string[], { python, script }: TorchScript): Promise<BenchResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [script, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', () => {
      reject(new InputError({ field: '--python', value: python, rule: 'must be a Python program' }));
    });
    child.on('close', (code, signal) => {
      try {
        if (code === 0) return resolve(readPrinted(stdout, script));
        const end = signal ?? `exit code ${String(code)}`;
        throw new InputError({ file: script, rule: `failed (${end}): ${stderr.trim().slice(-STDERR_SHOWN)}` });
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}
