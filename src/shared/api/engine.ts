import { z } from 'zod';
import { engineDiagnosisSchema } from '../engine-report.ts';
import { count, time } from './numbers.ts';

/** One thing that was looked at, and what to do where it is missing. */
const findingSchema = z.strictObject({
  name: z.string(),
  state: z.enum(['ok', 'missing', 'absent']),
  text: z.string(),
  remedy: z.string().optional(),
});
export type EngineFinding = z.infer<typeof findingSchema>;

/** `GET /engine`: what training and answering run on. `?fresh=true` looks again. */
export const engineAnswerSchema = z.strictObject({
  /** What the last look found; an engine process is started for it, which takes seconds. */
  checkedAt: time,
  diagnosis: engineDiagnosisSchema,
  findings: z.array(findingSchema),
  machine: z.strictObject({
    platform: z.string(),
    processor: z.string(),
    cores: count,
    memoryBytes: count,
    freeMemoryBytes: count,
    node: z.string(),
  }),
});
export type EngineAnswer = z.infer<typeof engineAnswerSchema>;

export const engineQuerySchema = z.strictObject({ fresh: z.enum(['true', 'false']).default('false') });

/** `GET /engine/storage`: bytes on the disk. */
export const storageSchema = z.strictObject({
  freeBytes: count,
  totalBytes: count,
  runs: z.array(
    z.strictObject({ name: z.string(), bytes: count, checkpointBytes: count, modelBytes: count, otherBytes: count }),
  ),
  dataBytes: count,
  modelBytes: count,
  /** Files of the studio itself: indexes of datasets, uploads, history. */
  studioBytes: count,
  /** TensorFlow's libraries and what was downloaded. */
  cacheBytes: count,
});
export type Storage = z.infer<typeof storageSchema>;
