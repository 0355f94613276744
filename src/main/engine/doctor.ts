/**
 * A process of its own that finds out whether TensorFlow runs, and on what: `fork` it and it sends one `EngineDiagnosis`.
 * TensorFlow is loaded inside the function, so a library that is missing becomes an answer and not a crash at import.
 */
import { availableParallelism, freemem, totalmem } from 'node:os';
import type { EngineDiagnosis, EngineReport } from '../../shared/engine-report.ts';

async function examineEngine(): Promise<EngineReport> {
  const { tf } = await import('./backend/tensorflow.ts');
  const { canRegisterFunctions } = await import('./backend/graph/binding.ts');
  const { describeBackend } = await import('./backend/description.ts');
  const product = tf.tidy(
    () =>
      tf
        .matMul(tf.ones([64, 32]), tf.ones([32, 64]))
        .sum()
        .dataSync()[0],
  );
  const expected = 64 * 32 * 64;
  if (product !== expected)
    throw new Error(`a matrix product came out as ${String(product)} instead of ${String(expected)}`);
  const { backend, device, ...versions } = describeBackend();
  return {
    backend,
    device,
    versions: { ...versions, node: process.version },
    threads: availableParallelism(),
    memory: { total: totalmem(), free: freemem(), resident: process.memoryUsage.rss() },
    recordedFunctions: canRegisterFunctions(),
    startMs: Math.round(performance.now()),
  };
}

async function diagnose(): Promise<EngineDiagnosis> {
  try {
    return { report: await examineEngine() };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

const diagnosis = await diagnose();
// Leaving only after the message is out; TensorFlow's threads would otherwise keep the process alive for a moment.
process.send?.(diagnosis, undefined, undefined, () => process.exit(0));
