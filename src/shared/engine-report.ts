import { z } from 'zod';

/** What an engine process says about the TensorFlow it runs on. */
const engineReportSchema = z.object({
  /** tfjs's name of the backend: `tensorflow` for the native library. */
  backend: z.string(),
  device: z.enum(['CPU', 'GPU']),
  versions: z.object({ tensorflow: z.string(), tfjs: z.string(), tfjsNode: z.string(), node: z.string() }),
  /** Processors this process may use: TensorFlow takes one thread for each. */
  threads: z.number().int(),
  /** Bytes of the machine, and of the engine process after one matrix product. */
  memory: z.object({ total: z.number(), free: z.number(), resident: z.number() }),
  /** Whether the addon can run recorded functions; otherwise everything runs eagerly, op by op. */
  recordedFunctions: z.boolean(),
  /** Milliseconds from the start of the process to the first result. */
  startMs: z.number(),
});

export type EngineReport = z.infer<typeof engineReportSchema>;

/** The answer of a doctor process: a report, or why TensorFlow does not run. */
export const engineDiagnosisSchema = z.union([
  z.object({ report: engineReportSchema }),
  z.object({ error: z.string() }),
]);

export type EngineDiagnosis = z.infer<typeof engineDiagnosisSchema>;
