/** What was read out of files, remembered for as long as they do not change. */
import { statSync } from 'node:fs';

/** Tells one state of a file from another; undefined where it is not there. */
export function fileStamp(file: string): string | undefined {
  const info = statSync(file, { bigint: true, throwIfNoEntry: false });
  return info && [info.ino, info.size, info.mtimeNs, info.ctimeNs].join(' ');
}

export class FileMemory<T> {
  private readonly known = new Map<string, { readonly stamp: string; readonly value: T }>();

  /** What was kept of the file, where it is as it was then. */
  recall(file: string): T | undefined {
    const found = this.known.get(file);
    return found && found.stamp === fileStamp(file) ? found.value : undefined;
  }

  /** @param stamp of the file before it was read, so that a change meanwhile is noticed */
  keep(file: string, stamp: string | undefined, value: T): T {
    if (stamp !== undefined) this.known.set(file, { stamp, value });
    return value;
  }
}
