import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseVersioned, RUN_FORMAT, runRecordSchema, type Failure } from '../../shared/run-record.ts';

/**
 * Says in a run's run.json why it failed, for an engine process that cannot say it any more. It never throws: where
 * run.json cannot be read or written, the failure is still told by whoever supervised the run.
 */
export async function recordFailure(folder: string, failure: Failure): Promise<void> {
  const file = join(folder, 'run.json');
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const record = parseVersioned(runRecordSchema, JSON.parse(await readFile(file, 'utf8')), file, RUN_FORMAT);
    const changed = { ...record, state: 'failed', failure, updatedAt: new Date().toISOString() };
    await writeFile(temporary, `${JSON.stringify(changed, null, 2)}\n`, { flush: true });
    await rename(temporary, file);
  } catch {
    // Told below in any case.
  }
}
