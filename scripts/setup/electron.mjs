/** Electron's binary: npm brings the package, but with install scripts off not the program. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { say } from './log.mjs';
import { runProcess } from './run-process.mjs';

/** A window is a comfort: nobody shall wait longer for it. */
const DOWNLOAD_LIMIT_MS = 20_000;
/** After a download that failed, none is tried for a day. */
const RETRY_AFTER_MS = 24 * 3600_000;

/**
 * Path of Electron's program, or undefined where it is not there. Nothing is downloaded.
 * @param {string} project @param {NodeJS.ProcessEnv} [env]
 */
export function findElectron(project, env = process.env) {
  const folder = join(project, 'node_modules', 'electron');
  try {
    const program = readFileSync(join(folder, 'path.txt'), 'utf8').trim();
    const file = join(env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'), program);
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Why no window can be opened here, or undefined where one can.
 * @param {{ platform: NodeJS.Platform, env: NodeJS.ProcessEnv, isRoot: boolean }} system
 */
export function windowObstacle({ platform, env, isRoot }) {
  if (platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return 'there is no display';
  // Chromium's sandbox does not work for root, and a window without it is not worth having.
  if (platform === 'linux' && isRoot) return 'Electron does not run as root';
  return undefined;
}

/** @param {string} cache @param {number} now milliseconds */
function failedLately(cache, now) {
  const failed = statSync(join(cache, 'electron-failed'), { throwIfNoEntry: false });
  return failed !== undefined && now - failed.mtimeMs < RETRY_AFTER_MS;
}

/**
 * Electron's program, downloaded by its own installer (which checks it against checksums in the package) where it is missing.
 * @param {string} project @param {string} cache where it is noted that a download failed
 * @returns {Promise<string | undefined>} undefined where it cannot be had in time
 */
export async function provideElectron(project, cache) {
  const found = findElectron(project);
  const installer = join(project, 'node_modules', 'electron', 'install.js');
  if (found !== undefined || !existsSync(installer) || failedLately(cache, Date.now())) return found;
  say(`Fetching Electron for the window (waiting ${String(DOWNLOAD_LIMIT_MS / 1000)} s at most)…`);
  await runProcess(process.execPath, [installer], { cwd: project, timeoutMs: DOWNLOAD_LIMIT_MS });
  const fetched = findElectron(project);
  if (fetched === undefined) writeFileSync(join(cache, 'electron-failed'), '');
  return fetched;
}
