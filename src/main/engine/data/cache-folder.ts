import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder in the user's cache, which may be deleted at any time. It need not exist. */
export function cacheFolder(name: string): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'llavolta-studio', name);
}
