import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { EventHub } from '../../src/main/studio/events/event-hub.ts';

/** Makes a file that nothing can be written to, as on a full disk. @returns mends it */
export function blockFile(file: string): () => void {
  rmSync(file, { force: true });
  mkdirSync(file, { recursive: true });
  return () => rmSync(file, { recursive: true, force: true });
}

/** Makes a folder that nothing can be written in. */
export function blockFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  writeFileSync(folder, '');
}

/** Errors that are told as notices from now on. */
export function noticesOf(events: EventHub): string[] {
  const told: string[] = [];
  events.listen(({ event }) => {
    if (event.kind === 'notice' && event.level === 'error') told.push(event.text);
  });
  return told;
}
