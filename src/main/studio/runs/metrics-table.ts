import { open, stat, type FileHandle } from 'node:fs/promises';
import { METRIC_KEYS, type MetricKey } from '../../../shared/api/metrics-query.ts';

const NEWLINE = 0x0a;
const CHUNK_BYTES = 1 << 20;
const FIRST_CAPACITY = 1024;

/** Columns of a table: the drawable metrics, the step, and the seconds spent in steps so far. */
export type ColumnName = MetricKey | 'step' | 'seconds';

type Numbers = Float64Array<ArrayBuffer>;

function grown(values: Numbers, length: number): Numbers {
  const larger = new Float64Array(Math.max(FIRST_CAPACITY, 2 * values.length, length)).fill(NaN);
  larger.set(values);
  return larger;
}

function parseRow(line: string): Partial<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The numbers of a metrics.jsonl as columns. The file is read once; later only what was added. A run that goes on from a
 * checkpoint cuts its file: rows that are no longer in it go.
 */
export class MetricsTable {
  private readonly file: string;
  private readonly columns = new Map<ColumnName, Numbers>();
  /** Byte behind each row's newline. */
  private ends: Numbers = new Float64Array(0);
  private count = 0;
  /** Of the file; what stands behind it is not read yet. */
  private offset = 0;
  private lastLine = '';
  private refreshing: Promise<void> | undefined;

  constructor(file: string) {
    this.file = file;
  }

  /** Rows of the table. */
  get length(): number {
    return this.count;
  }

  /** Values of a column, one for each row, NaN where the row has none; undefined where no row has it. */
  column(name: ColumnName): Float64Array | undefined {
    return this.columns.get(name)?.subarray(0, this.count);
  }

  /** Value of a row; undefined where it has none. */
  valueAt(name: ColumnName, row: number): number | undefined {
    return this.columns.get(name)?.[row];
  }

  /** Value of the last row. */
  last(name: ColumnName): number | undefined {
    const value = this.count === 0 ? undefined : this.columns.get(name)?.[this.count - 1];
    return value === undefined || Number.isNaN(value) ? undefined : value;
  }

  /** Reads what was added since. Calls at the same time share one reading. */
  refresh(): Promise<void> {
    this.refreshing ??= this.read().finally(() => (this.refreshing = undefined));
    return this.refreshing;
  }

  private async read(): Promise<void> {
    const info = await stat(this.file).catch(() => undefined);
    if (!info) return this.cutTo(0);
    if (info.size === this.offset && info.size > 0 && this.count > 0) return;
    const handle = await open(this.file, 'r');
    try {
      await this.dropWhatIsGone(handle, info.size);
      await this.append(handle, info.size);
    } finally {
      await handle.close();
    }
  }

  private async dropWhatIsGone(handle: FileHandle, size: number): Promise<void> {
    let rows = this.count;
    while (rows > 0 && (this.ends[rows - 1] ?? 0) > size) rows--;
    if (rows < this.count) return this.cutTo(rows);
    // The file may have been cut and have grown again meanwhile: then the last line known is another one now.
    const start = this.offset - Buffer.byteLength(this.lastLine) - 1;
    if (this.count === 0 || start < 0) return;
    const bytes = Buffer.alloc(this.offset - start);
    await handle.read(bytes, 0, bytes.length, start);
    if (bytes.toString('utf8') !== `${this.lastLine}\n`) this.cutTo(0);
  }

  private cutTo(rows: number): void {
    this.count = rows;
    this.offset = rows === 0 ? 0 : (this.ends[rows - 1] ?? 0);
    this.lastLine = '';
    for (const column of this.columns.values()) column.fill(NaN, rows);
    if (rows === 0) this.columns.clear();
  }

  private async append(handle: FileHandle, size: number): Promise<void> {
    let rest = Buffer.alloc(0);
    for (let position = this.offset; position < size;) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - position));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      rest = this.takeLines(
        rest.length === 0 ? chunk.subarray(0, bytesRead) : Buffer.concat([rest, chunk.subarray(0, bytesRead)]),
      );
    }
  }

  /** @returns what stands behind the last newline */
  private takeLines(bytes: Buffer): Buffer<ArrayBuffer> {
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      const line = bytes.toString('utf8', from, end);
      this.offset += end + 1 - from;
      from = end + 1;
      this.lastLine = line;
      const row = parseRow(line);
      if (row) this.push(row);
    }
    return Buffer.from(bytes.subarray(from));
  }

  private push(row: Partial<Record<string, unknown>>): void {
    const index = this.count++;
    if (this.count > this.ends.length) this.ends = grown(this.ends, this.count);
    this.ends[index] = this.offset;
    this.set('step', index, row['step']);
    for (const key of METRIC_KEYS) this.set(key, index, row[key]);
    const before = index === 0 ? 0 : (this.columns.get('seconds')?.[index - 1] ?? 0);
    const stepMs = row['stepMs'];
    this.set('seconds', index, before + (typeof stepMs === 'number' ? stepMs / 1000 : 0));
  }

  private set(name: ColumnName, index: number, value: unknown): void {
    if (typeof value !== 'number') return;
    let column: Numbers = this.columns.get(name) ?? new Float64Array(0);
    if (index >= column.length) column = grown(column, index + 1);
    this.columns.set(name, column);
    column[index] = value;
  }
}
