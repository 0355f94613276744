import { formatCompression, parseCompression } from '../../../../../shared/compression.ts';
import { InputError } from '../../../../../shared/errors.ts';

/**
 * Compression settings as written in one field, separated by commas; each once, in normal form.
 *
 * @throws InputError naming the one that is none, and where there is none at all
 */
export function parseSettings(text: string): string[] {
  const parts = text.split(/[,;\n]/).map((part) => part.trim());
  const settings = parts.filter(Boolean).map((part) => formatCompression(parseCompression(part)));
  if (settings.length === 0) throw new InputError({ rule: 'needs at least one setting, such as none' });
  return [...new Set(settings)];
}
