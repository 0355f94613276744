import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { InputError } from '../../../../shared/errors.ts';

const CHUNK_BYTES = 1 << 20;
/** One row with its picture. */
const MAX_ROW_CHARACTERS = 64 << 20;

/** A row of a file by column, and the line it starts on, from 1. */
export interface TsvRow {
  readonly line: number;
  readonly cells: ReadonlyMap<string, string>;
}

function* chunks(file: string): Generator<string> {
  const descriptor = openSync(file, 'r');
  const decoder = new StringDecoder('utf8');
  const bytes = Buffer.allocUnsafe(CHUNK_BYTES);
  try {
    for (let count = 1; count > 0;) {
      count = readSync(descriptor, bytes, 0, CHUNK_BYTES, null);
      yield decoder.write(bytes.subarray(0, count));
    }
    yield decoder.end();
  } finally {
    closeSync(descriptor);
  }
}

/** Where in a cell: a cell in quotes is `closed` behind its closing quote. */
type Place = 'start' | 'plain' | 'quoted' | 'closed';

/** A cell may be in quotes, as pandas writes those with tabs, line breaks or quotes; a quote inside is doubled. */
class RowReader {
  private readonly file: string;
  private cells: string[] = [];
  private parts: string[] = [];
  private place: Place = 'start';
  private size = 0;
  private line = 1;
  private startLine = 1;

  constructor(file: string) {
    this.file = file;
  }

  /** Rows that end in this text. What is behind the last of them is kept for the next call. */
  *push(text: string): Generator<{ line: number; cells: string[] }> {
    for (const [piece] of text.matchAll(/[^"\t\n\r]+|["\t\n\r]/g)) {
      this.size += piece.length;
      if (this.size > MAX_ROW_CHARACTERS) {
        throw new InputError({ file: this.file, field: `line ${this.startLine}`, rule: 'a row is larger than 64 MB' });
      }
      if (piece === '\n') this.line++;
      if (piece === '"' && this.place !== 'plain') this.quote();
      else if (this.place === 'quoted') this.parts.push(piece);
      else if (piece === '\t') this.endCell();
      else if (piece === '\n') yield this.endRow();
      else if (piece !== '\r') this.plain(piece);
    }
  }

  /** The last row, where no line break ends it. @throws InputError where a quote is open */
  *end(): Generator<{ line: number; cells: string[] }> {
    if (this.place === 'quoted') {
      const rule = 'ends inside of quotes: the file is cut off';
      throw new InputError({ file: this.file, field: `line ${this.startLine}`, rule });
    }
    if (this.size > 0) yield this.endRow();
  }

  private plain(piece: string): void {
    this.parts.push(piece);
    this.place = 'plain';
  }

  private quote(): void {
    // A quote right behind a closing one: both stand for one of the cell's characters.
    if (this.place === 'closed') this.parts.push('"');
    this.place = this.place === 'quoted' ? 'closed' : 'quoted';
  }

  private endCell(): void {
    this.cells.push(this.parts.join(''));
    this.parts = [];
    this.place = 'start';
  }

  private endRow(): { line: number; cells: string[] } {
    this.endCell();
    const row = { line: this.startLine, cells: this.cells };
    this.cells = [];
    this.size = 0;
    this.startLine = this.line;
    return row;
  }
}

function* rowsOf(file: string): Generator<{ line: number; cells: string[] }> {
  const reader = new RowReader(file);
  for (const text of chunks(file)) yield* reader.push(text);
  yield* reader.end();
}

/**
 * The rows of a file of tab-separated values, one by one, whose first row names the columns. Empty cells are left out.
 * @throws InputError where a row has another number of cells, or the file is cut off
 */
export function* readTsv(file: string): Generator<TsvRow> {
  let columns: readonly string[] | undefined;
  for (const { line, cells } of rowsOf(file)) {
    if (!columns) {
      columns = cells.map((name) => name.replace(/^\ufeff/, ''));
      continue;
    }
    if (cells.length !== columns.length) {
      const rule = `must have ${columns.length} cells, as the first row has`;
      throw new InputError({ file, field: `line ${line}`, value: cells.length, rule });
    }
    const named = columns.map((name, i): [string, string] => [name, cells[i] ?? '']);
    yield { line, cells: new Map(named.filter(([, value]) => value !== '')) };
  }
}
