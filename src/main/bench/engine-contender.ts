import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { benchMessageSchema, type BenchJob, type BenchMessage, type BenchResult } from '../../shared/bench.ts';
import { ENGINE_EXEC_ARGV, engineEnvironment } from '../studio/engine-environment.ts';
import type { Contender } from './contender.ts';

const ENTRY = fileURLToPath(new URL('../engine/bench/entry.ts', import.meta.url));

const STDERR_SHOWN = 600;

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
      // TensorFlow chats on its way up; its last words explain a crash.
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let answer: BenchMessage | undefined;
    let complaints = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    child.on('message', (raw) => (answer = benchMessageSchema.parse(raw)));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const end = signal ?? `exit code ${String(code)}`;
      if (!answer)
        reject(new Error(`the bench process ended early (${end}): ${complaints.trim().slice(-STDERR_SHOWN)}`));
      else if ('result' in answer) resolve(answer.result);
      else reject(new Error(`${answer.failure.cause}. ${answer.failure.whatToDo}`));
    });
  });
}
