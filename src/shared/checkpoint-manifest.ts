import { z } from 'zod';

/** Version of a checkpoint's own files. A reader refuses newer ones. */
export const CHECKPOINT_FORMAT = 1;

/** The file of a checkpoint that lists all others. It is written last: without it, a save did not finish. */
export const MANIFEST = 'manifest.json';

/** `manifest.json`: size and SHA-256 of every other file of a checkpoint. */
export const manifestSchema = z.strictObject({
  format: z.literal(CHECKPOINT_FORMAT),
  createdAt: z.string(),
  files: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'must be a plain file name'),
        bytes: z.int().min(0),
        sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal'),
      }),
    )
    .min(1),
});
export type Manifest = z.infer<typeof manifestSchema>;
