import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { benchMessageSchema, type BenchJob, type BenchMessage, type BenchResult } from '../../shared/bench.ts';
import { ENGINE_EXEC_ARGV, engineEnvironment } from '../studio/engine-environment.ts';
import type { Contender } from './contender.ts';

const ENTRY = fileURLToPath(new URL('../engine/bench/entry.ts', import.meta.url));

/** The engine on one job. */
export function engineContender(job: BenchJob): Contender {
  return { side: 'ours', name: job.mode, run: () => runEngine(job) };
}

/** Starts an engine process for the job and resolves to what it found. */
function runEngine(job: BenchJob): Promise<BenchResult> {
  return new Promise((resolve, reject) => {
    const child = fork(ENTRY, [JSON.stringify(job)], {
      env: engineEnvironment(),
      execArgv: [...ENGINE_EXEC_ARGV],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let answer: BenchMessage | undefined;
    child.on('message', (raw) => (answer = benchMessageSchema.parse(raw)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (!answer) reject(new Error(`the bench process ended early (${signal ?? `exit code ${String(code)}`})`));
      else if ('result' in answer) resolve(answer.result);
      else reject(new Error(`${answer.failure.cause}. ${answer.failure.whatToDo}`));
    });
  });
}
