import { fileURLToPath } from 'node:url';
import {
  datasetMessageSchema,
  type DatasetJob,
  type DatasetMessage,
  type SourceProgress,
} from '../../../shared/dataset-source.ts';
import { InputError } from '../../../shared/errors.ts';
import type { ProcessExit } from '../exit-reason.ts';
import { startProgram } from '../program.ts';

const ENTRY = fileURLToPath(new URL('../../engine/data/sources/entry.ts', import.meta.url));

/** What a dataset process ends with. */
export type DatasetResult = Exclude<DatasetMessage, { type: 'progress' | 'refused' }>;

/**
 * Runs a job in a process of its own and resolves to its last message. The process leaves when this one is killed.
 *
 * @param signal ends the process
 * @throws InputError when the job refuses its input
 */
export function runDatasetJob(
  job: DatasetJob,
  onProgress: (progress: SourceProgress) => void,
  signal?: AbortSignal,
): Promise<DatasetResult> {
  return new Promise((fulfil, reject) => {
    let last: DatasetMessage | undefined;
    const onMessage = (raw: unknown): void => {
      const message = datasetMessageSchema.safeParse(raw);
      if (!message.success) program.kill();
      else if (message.data.type === 'progress') onProgress(message.data.progress);
      else last = message.data;
    };
    const onExit = ({ code, signal: exitSignal, stderr }: ProcessExit): void => {
      signal?.removeEventListener('abort', stop);
      if (last?.type === 'refused') reject(new InputError(last.problem));
      else if (last && last.type !== 'progress' && code === 0) fulfil(last);
      else
        reject(new Error(`The dataset process ended early (${exitSignal ?? `exit code ${code}`}). ${stderr}`.trim()));
    };
    const program = startProgram(ENTRY, { onMessage, onExit }, [JSON.stringify(job)]);
    const stop = (): void => program.kill();
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop);
  });
}
