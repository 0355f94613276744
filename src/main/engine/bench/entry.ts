/**
 * A process of its own for one bench run: peak memory is a figure of a whole process, and the allocator's settings are
 * read when one starts. Forked with an `AnyBenchJob` as JSON in its only argument, it sends one `BenchMessage`.
 */
import { anyBenchJobSchema, type AnyBenchJob, type BenchMessage } from '../../../shared/bench.ts';
import { failureOf, JobError } from '../jobs/failure.ts';

async function runBench(job: AnyBenchJob): Promise<Extract<BenchMessage, { result: unknown }>['result']> {
  const { canRegisterFunctions } = await import('../backend/graph/binding.ts');
  if (job.mode === 'graph' && !canRegisterFunctions()) {
    const remedy = 'Build it again with npm run setup, or take --mode eager';
    throw new JobError('the addon was built without recorded functions: there is no graph mode', remedy);
  }
  if (job.kind === 'compressors') return (await import('./compressor-bench.ts')).benchCompressors(job);
  if (job.kind === 'generate') return (await import('./generate-bench.ts')).benchGeneration(job);
  return (await import('./train-bench.ts')).benchTraining(job);
}

async function answer(): Promise<BenchMessage> {
  try {
    const job = anyBenchJobSchema.parse(JSON.parse(process.argv[2] ?? ''));
    return { result: await runBench(job) };
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

const message = await answer();
// Leaving only after the message is out; TensorFlow's threads would otherwise keep the process alive for a moment.
process.send?.(message, undefined, undefined, () => process.exit(0));
