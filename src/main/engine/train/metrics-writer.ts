import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { z } from 'zod';
import { AppendLog, type WriteBytes } from './append-log.ts';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1 << 16;

/** The one field that truncation needs; the rest of a line may be of any version. */
const stepSchema = z.looseObject({ step: z.number() });

interface Line {
  readonly text: string;
  /** Byte after its newline. */
  readonly end: number;
}

/** The whole lines of a file; what stands after the last newline is a torn one and left out. */
function* wholeLines(file: string): Generator<Line> {
  const descriptor = openSync(file, 'r');
  try {
    const size = fstatSync(descriptor).size;
    let rest = Buffer.alloc(0);
    for (let position = 0; position < size;) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - position));
      position += readSync(descriptor, chunk, 0, chunk.length, position);
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        const text = rest.toString('utf8', 0, end);
        rest = rest.subarray(end + 1);
        yield { text, end: position - rest.length };
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

function stepOf(text: string): number | undefined {
  try {
    return stepSchema.safeParse(JSON.parse(text)).data?.step;
  } catch {
    return undefined;
  }
}

/** Length of the file's first part in bytes: whole lines of steps up to `step`. A line that is no metrics ends it. */
function lengthUpTo(file: string, step: number): number {
  let length = 0;
  for (const { text, end } of wholeLines(file)) {
    const found = stepOf(text);
    if (found === undefined || found > step) break;
    length = end;
  }
  return length;
}

/** metrics.jsonl: one line per optimizer step. A line is in it whole or not at all. */
export class MetricsWriter {
  private readonly log: AppendLog;

  /**
   * Opens the file, cuts a torn last line and everything beyond `step`.
   *
   * @param step optimizer steps done at the checkpoint that the run goes on from; 0 for a new run
   */
  constructor(file: string, step: number, write?: WriteBytes) {
    const length = existsSync(file) ? lengthUpTo(file, step) : 0;
    this.log = new AppendLog(file, write);
    this.log.truncate(length);
  }

  /** @throws the system's error (ENOSPC …); the file is as before then */
  append(metrics: object): void {
    this.log.append(Buffer.from(`${JSON.stringify(metrics)}\n`));
  }

  async sync(): Promise<void> {
    await this.log.sync();
  }

  close(): void {
    this.log.close();
  }
}
