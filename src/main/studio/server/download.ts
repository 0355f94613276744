import type { Context } from 'hono';
import type { ExportedFile } from '../compare/export.ts';

/** A file that the browser saves. */
export function download(context: Context, { type, name, text }: ExportedFile): Response {
  return context.body(text, 200, { 'Content-Type': type, 'Content-Disposition': `attachment; filename="${name}"` });
}
