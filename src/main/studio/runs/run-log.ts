import { appendFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { logLineSchema, type LogLine } from '../../../shared/api/runs.ts';
import { RUN_PATHS } from './run-files.ts';

/** The end of a log that is shown. */
const SHOWN_BYTES = 256 * 1024;

/** Adds a line to a run's log. A full disk must not end a training: the line is lost then. */
export async function appendLog(folder: string, line: LogLine): Promise<void> {
  await appendFile(join(folder, RUN_PATHS.log), `${JSON.stringify(line)}\n`).catch(() => undefined);
}

function parseLine(text: string): LogLine[] {
  try {
    return [logLineSchema.parse(JSON.parse(text))];
  } catch {
    // The first line of the part that was read is cut, and a crash may have torn the last one.
    return [];
  }
}

/** The newest lines of a run's log, oldest first. */
export async function readLog(folder: string): Promise<LogLine[]> {
  const handle = await open(join(folder, RUN_PATHS.log), 'r').catch(() => undefined);
  if (!handle) return [];
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - SHOWN_BYTES);
    const bytes = Buffer.alloc(size - from);
    await handle.read(bytes, 0, bytes.length, from);
    return bytes.toString('utf8').split('\n').flatMap(parseLine);
  } finally {
    await handle.close();
  }
}
