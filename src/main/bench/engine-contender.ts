import type { BenchJob } from '../../shared/bench.ts';
import { runBenchProcess } from './bench-process.ts';
import type { Contender } from './contender.ts';

/** The engine on one job. */
export function engineContender(job: BenchJob): Contender {
  return { side: 'ours', name: job.mode, run: () => runBenchProcess(job) };
}
