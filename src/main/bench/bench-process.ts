import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { benchMessageSchema, type AnyBenchJob, type BenchMessage } from '../../shared/bench.ts';
import { ENGINE_EXEC_ARGV, engineEnvironment } from '../studio/engine-environment.ts';

const ENTRY = fileURLToPath(new URL('../engine/bench/entry.ts', import.meta.url));

const STDERR_SHOWN = 600;

type Found = Extract<BenchMessage, { result: unknown }>['result'];

/** Starts an engine process for a job and resolves to what it found. */
export function runBenchProcess<Kind extends AnyBenchJob['kind']>(
  job: AnyBenchJob & { readonly kind: Kind },
): Promise<Extract<Found, { kind: Kind }>> {
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
      else if ('failure' in answer) reject(new Error(`${answer.failure.cause}. ${answer.failure.whatToDo}`));
      else if (isOfKind(answer.result, job.kind)) resolve(answer.result);
      else reject(new Error(`asked for ${job.kind}, the bench process found ${answer.result.kind}`));
    });
  });
}

const isOfKind = <Kind extends Found['kind']>(found: Found, kind: Kind): found is Extract<Found, { kind: Kind }> =>
  found.kind === kind;
