import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { engineDiagnosisSchema, type EngineDiagnosis } from '../../shared/engine-report.ts';
import { ENGINE_EXEC_ARGV, engineEnvironment } from './engine-environment.ts';

const DOCTOR = fileURLToPath(new URL('../engine/doctor.ts', import.meta.url));
const PATIENCE_MS = 120_000;

/**
 * Starts an engine process that says which TensorFlow it runs on. It never rejects: a process that crashes, hangs or answers nonsense
 * is a diagnosis too.
 */
export function askEngine(program = DOCTOR): Promise<EngineDiagnosis> {
  return new Promise((resolve) => {
    const child = fork(program, [], {
      env: engineEnvironment(),
      execArgv: [...ENGINE_EXEC_ARGV],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const finish = (diagnosis: EngineDiagnosis): void => {
      clearTimeout(timer);
      resolve(diagnosis);
    };
    let answer: EngineDiagnosis | undefined;
    let complaints = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    child.on('message', (message) => {
      const parsed = engineDiagnosisSchema.safeParse(message);
      answer = parsed.success ? parsed.data : { error: `the engine process sent something else than a report` };
    });
    child.on('error', (error) => {
      finish({ error: `the engine process did not start: ${error.message}` });
    });
    child.on('close', (code, signal) => {
      const end = signal === null ? `with code ${String(code)}` : `by ${signal}`;
      finish(
        answer ?? { error: `the engine process ended ${end} before it answered. ${complaints.trim().slice(-600)}` },
      );
    });
  });
}
