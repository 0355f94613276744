import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes all bytes at the handle's position; one system call may take only a part of them. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(2 ** 30, bytes.byteLength - done));
    done += bytesWritten;
  }
}

/** Makes renames and new names in a folder survive a power cut. Windows cannot open folders and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Writes a file so that at any moment either the old or the whole new content is there: into a temporary file beside
 * it, synchronised to the disk, then renamed. A failure (full disk) leaves the old file and no temporary one.
 */
export async function writeDurably(file: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
}

/** `writeDurably` for text, as UTF-8. */
export async function writeTextDurably(file: string, text: string): Promise<void> {
  await writeDurably(file, (handle) => writeFully(handle, Buffer.from(text, 'utf8')));
}
