import { loadavg } from 'node:os';
import type { BenchJob, BenchResult } from '../../shared/bench.ts';
import { parseBench, type BenchPlan } from '../bench/arguments.ts';
import type { Contender } from '../bench/contender.ts';
import { engineContender } from '../bench/engine-contender.ts';
import { benchJson, formatShape, type BenchCase } from '../bench/report.ts';
import { formatSavings } from '../bench/savings.ts';
import { runBenchProcess } from '../bench/bench-process.ts';
import { parseCompressorBench } from '../bench/compressor-arguments.ts';
import { compressorReport } from '../bench/compressor-report.ts';
import { takeTurns } from '../bench/rounds.ts';
import { torchContender } from '../bench/torch-contender.ts';

export const summary = 'time training steps or generation, next to PyTorch where it is there';

export const usage = `
Usage: llavolta bench train    [--python PATH] [--mode graph|eager|both] [options]
       llavolta bench generate [--python PATH] [--mode graph|eager|both] [--new-tokens N] [options]
       llavolta bench compressors [--model FOLDER] [--layer K] [--stride S] [--rounds N] [--mode graph|eager] [options]

train      One step: forward, backward, AdamW of every weight, reading the loss.
generate   Prefill, then greedy decoding with a key-value cache, reading every token.
compressors  Prefill from pixels with every compressor at K/S (2/4), in turns with full, in one process: of full's time and of
             its FLOPs, as a Markdown table. A model folder, or random weights of a shape with a small tower.

--python        A Python with torch. The engines take turns on the same work, each run a process of its own, and the
                smallest minimum of each counts. Without it ours alone is timed.
--torch-script  PyTorch's side. Default: ../shared/bench/torch_train_bench.py beside the project.
--compile       Time torch.compile too (needs a C++ compiler).
--mode          Ours as recorded functions (graph, the default), op by op (eager), or both.
--precision     Of our matrix products in training: float32 (the default) or bfloat16.
--checkpointing Train with gradient checkpointing: less memory, more time.
--rounds N      Turns at least (3), --max-rounds N at most (8): more are taken as long as a minimum falls.
--steps N       Steps of a run that count (10), after --warmup N (2).
--json          Every run, as JSON.

A shape of your own instead of the two default ones; what is not given is as in the first:
--hidden 512 --layers 8 --heads 8 --kv-heads 8 --intermediate 1376 --vocab 8192 --nvis 576 --text 64 --batch 1
--layer K --stride S   One compression setting instead of full and 2/8; --stride 1: full.
--settings none,2/8    Several; with none among them, what each saves is set against what exact FLOPs let expect.
`;

function contendersOf(job: BenchJob, { modes, torch, variants }: BenchPlan): Contender[] {
  const ours = modes.map((mode) => engineContender({ ...job, mode }));
  return torch ? [...ours, ...variants.map((variant) => torchContender(job, variant, torch))] : ours;
}

function progressLine({ side, name }: Contender, result: BenchResult, round: number): string {
  const time =
    result.kind === 'train'
      ? `${result.msMin.toFixed(1)} ms`
      : `${result.prefillMsMin.toFixed(1)} ms, ${result.decodeTokensPerSecondMax.toFixed(1)} tokens/s`;
  return `round ${round}  ${`${side} ${name}`.padEnd(26)} ${time}, ${result.peakMb.toFixed(0)} MB\n`;
}

/** Load average from which on other programs take part in what is measured. */
const BUSY = 0.7;

const NOTES: Readonly<Record<BenchJob['kind'], string>> = {
  train:
    'Step: forward, backward, AdamW of every weight, reading the loss. Ours runs the output head on the supervised text\n' +
    'positions; PyTorch on all text positions (head on text, the like work) and on the whole sequence (head on all).\n' +
    'Smallest minimum of all rounds; peak = largest resident memory of a process, in graph mode with its recording.\n',
  generate: 'Prefill with the first token, then greedy decoding with a key-value cache. Best of all rounds.\n',
};

/** Times what is asked for. Exit code 0: a bench measures, it does not judge. */
export async function run(argv: string[]): Promise<number> {
  if (argv[0] === 'compressors') return runCompressors(argv.slice(1));
  const plan = parseBench(argv);
  const cases: BenchCase[] = [];
  const load = loadavg()[0] ?? 0;
  for (const job of plan.jobs) {
    process.stderr.write(
      `${job.kind}, hidden ${job.shape.hidden}, ${job.compression === 'none' ? 'full' : job.compression}\n`,
    );
    const measured = await takeTurns(contendersOf(job, plan), plan.limits, (contender, result, round) =>
      process.stderr.write(progressLine(contender, result, round)),
    );
    cases.push({ shape: job.shape, compression: job.compression, measured });
  }
  process.stdout.write(plan.json ? `${JSON.stringify(benchJson(cases), null, 2)}\n` : reportText(cases, plan, load));
  return 0;
}

async function runCompressors(argv: string[]): Promise<number> {
  const { job, json } = parseCompressorBench(argv);
  const load = loadavg()[0] ?? 0;
  const result = await runBenchProcess(job);
  process.stdout.write(
    json ? `${JSON.stringify(result, null, 2)}\n` : compressorReport(job, result) + busyNote(load, 'everything'),
  );
  return 0;
}

/** What a busy machine does to the figures. */
const busyNote = (load: number, others: string): string =>
  load < BUSY
    ? ''
    : `Load average ${load.toFixed(1)} at the start: other work slows ${others}. Measure on a quiet machine.\n`;

function reportText(cases: readonly BenchCase[], { jobs, torch }: BenchPlan, load: number): string {
  const shapes = [...new Set(cases.map(({ shape }) => shape))];
  const tables = shapes.map((shape) => {
    const own = cases.filter((one) => one.shape === shape);
    return formatShape(own) + formatSavings(own);
  });
  const engines = new Set(cases.flatMap(({ measured }) => measured.map(({ runs }) => runs[0]?.runsOn)));
  const notes = [
    `${[...engines].join('; ')}.\n`,
    NOTES[jobs[0]?.kind ?? 'train'],
    torch ? '' : 'No PyTorch (--python PATH of a Python with torch): ours alone.\n',
    busyNote(load, "both, and PyTorch's threads more"),
  ];
  return `${tables.join('')}\n${notes.join('')}`;
}
