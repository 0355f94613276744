/** The recipe's text in the browser's storage, so that a reload loses nothing. */
import { z } from 'zod';

const KEY = 'llavolta.train';

const storedSchema = z.object({ text: z.string(), brokenText: z.string().optional() });

export interface StoredDraft {
  readonly text: string;
  /** What is being typed where it cannot be read; `text` is what could be read last. */
  readonly brokenText?: string | undefined;
}

/** What was kept; undefined where there is nothing, or nothing that can be read. */
export function readStored(): StoredDraft | undefined {
  try {
    const parsed = storedSchema.safeParse(JSON.parse(localStorage.getItem(KEY) ?? 'null'));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the draft. A full or forbidden storage is no reason to stop editing. */
export function writeStored(stored: StoredDraft): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(stored));
  } catch (error) {
    console.warn('The draft is not kept over a reload.', error);
  }
}
