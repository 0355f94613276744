import { closeSync, constants, fstatSync, fsync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';

/** How bytes get into a file; a test puts a full disk in its place. */
export type WriteBytes = (descriptor: number, bytes: Uint8Array, offset: number, position: number) => number;

const writeToDisk: WriteBytes = (descriptor, bytes, offset, position) =>
  writeSync(descriptor, bytes, offset, bytes.length - offset, position);

/** Append mode would ignore the positions that a repeated write needs. */
const OPEN_OR_CREATE = constants.O_RDWR | constants.O_CREAT;

/** A file that grows record by record: a record is in it whole, or, where the disk is full, not at all. */
export class AppendLog {
  private readonly descriptor: number;
  private readonly write: WriteBytes;
  private length: number;

  /** Opens the file for appending and makes it where it is missing. */
  constructor(file: string, write: WriteBytes = writeToDisk) {
    this.descriptor = openSync(file, OPEN_OR_CREATE, 0o666);
    this.length = fstatSync(this.descriptor).size;
    this.write = write;
  }

  /** Appends one record. When this returns, the record survives the death of the process; `sync` makes it survive a power cut. */
  append(record: Uint8Array): void {
    try {
      let done = 0;
      while (done < record.length) done += this.write(this.descriptor, record, done, this.length + done);
      this.length += record.length;
    } catch (error) {
      ftruncateSync(this.descriptor, this.length);
      throw error;
    }
  }

  /** Cuts the file to its first `length` bytes. */
  truncate(length: number): void {
    ftruncateSync(this.descriptor, length);
    this.length = length;
  }

  async sync(): Promise<void> {
    await promisify(fsync)(this.descriptor);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
