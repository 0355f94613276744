import { z } from 'zod';
import { failureSchema } from '../run-record.ts';
import { share } from './numbers.ts';

/** How far the demo is: its data, its vision tower, its staged training. */
export const demoSchema = z.strictObject({
  state: z.enum(['none', 'running', 'stopped', 'finished', 'failed']),
  phase: z.enum(['data', 'tower', 'training']).optional(),
  /** What happens now, in words. */
  text: z.string().optional(),
  /** Part of the phase that is done, where that is known. */
  done: share.optional(),
  dataset: z.string().optional(),
  towerRun: z.string().optional(),
  run: z.string().optional(),
  failure: failureSchema.optional(),
});
export type Demo = z.infer<typeof demoSchema>;

/** `POST /demo`. */
export const demoRequestSchema = z.strictObject({
  /** Draw the pictures here instead of trying to download easy-VQA. */
  offline: z.boolean().default(false),
});

/** `GET /session`: what the studio is and where it works. */
export const sessionSchema = z.strictObject({
  version: z.string(),
  platform: z.string(),
  /** Folders are chosen in the system's own dialog, or by browsing (`GET /files`). */
  folderDialogs: z.enum(['native', 'browse']),
  /** Folder that holds runs/, data/ and models/. */
  workspace: z.string(),
  /** Folder that files can be browsed and imported below. */
  root: z.string(),
  /** Neither run nor dataset is there yet. */
  firstStart: z.boolean(),
  demo: demoSchema,
});
export type Session = z.infer<typeof sessionSchema>;
