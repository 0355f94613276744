import { z } from 'zod';
import { count } from './numbers.ts';

/** `GET /files?path=…`: relative to the root; empty = the root itself. */
export const filesQuerySchema = z.strictObject({ path: z.string().max(4096).default('') });

const fileEntrySchema = z.strictObject({
  name: z.string(),
  /** Relative to the root. */
  path: z.string(),
  /** Absolute, as `POST /datasets` takes it. */
  absolutePath: z.string(),
  kind: z.enum(['folder', 'dataset']),
  bytes: count.optional(),
  modifiedAt: z.string().optional(),
});
export type FileEntry = z.infer<typeof fileEntrySchema>;

/** Folders and conversation files (.json, .jsonl) of a folder. */
export const fileListSchema = z.strictObject({
  path: z.string(),
  absolutePath: z.string(),
  /** The folder above; absent at the root. */
  parent: z.string().optional(),
  entries: z.array(fileEntrySchema),
  /** There were more entries than are listed. */
  isCut: z.boolean(),
});
export type FileList = z.infer<typeof fileListSchema>;
