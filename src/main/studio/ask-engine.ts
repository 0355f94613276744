import { fileURLToPath } from 'node:url';
import { engineDiagnosisSchema, type EngineDiagnosis } from '../../shared/engine-report.ts';
import type { ProcessExit } from './exit-reason.ts';
import { startProgram } from './program.ts';

const DOCTOR = fileURLToPath(new URL('../engine/doctor.ts', import.meta.url));
const PATIENCE_MS = 120_000;

function withoutAnswer({ code, signal, stderr }: ProcessExit): EngineDiagnosis {
  const end = signal === null ? `with code ${String(code)}` : `by ${signal}`;
  return { error: `the engine process ended ${end} before it answered. ${stderr.trim().slice(-600)}` };
}

/**
 * Starts an engine process that says which TensorFlow it runs on. It never rejects: a process that crashes, hangs or answers nonsense
 * is a diagnosis too.
 */
export function askEngine(program = DOCTOR): Promise<EngineDiagnosis> {
  return new Promise((resolve) => {
    let answer: EngineDiagnosis | undefined;
    const child = startProgram(program, {
      onMessage: (message) => {
        const parsed = engineDiagnosisSchema.safeParse(message);
        answer = parsed.success ? parsed.data : { error: `the engine process sent something else than a report` };
      },
      onExit: (exit) => {
        clearTimeout(timer);
        resolve(answer ?? withoutAnswer(exit));
      },
    });
    const timer = setTimeout(() => child.kill(), PATIENCE_MS);
  });
}
