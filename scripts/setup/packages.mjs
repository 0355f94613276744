/** npm packages: installed by `npm ci`, and only when what is installed is not what package-lock.json says. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { elapsed, say, SetupError } from './log.mjs';
import { runProcess, tail } from './run-process.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockedPackage
 * @typedef {{ packages?: Record<string, LockedPackage> }} LockFile
 */

/** @param {string} project */
const stampPath = (project) => join(project, 'node_modules', '.llavolta-packages');

/** What the stamp says when the packages are those of the lock file, built for this system. @param {string} project */
function expectedStamp(project) {
  const hash = createHash('sha256')
    .update(readFileSync(join(project, 'package-lock.json')))
    .digest('hex');
  return `${hash} ${process.platform}-${process.arch}\n`;
}

/**
 * Whether npm's own record of what it installed holds exactly the packages of the lock file. Optional packages may be missing: they are
 * for other systems. npm writes that record last, so a broken installation has none.
 * @param {LockFile} lock package-lock.json
 * @param {LockFile} installed node_modules/.package-lock.json
 */
export function samePackages(lock, installed) {
  const wanted = Object.entries(lock.packages ?? {}).filter(([path]) => path !== '');
  const found = installed.packages ?? {};
  const known = new Set(wanted.map(([path]) => path));
  return (
    Object.keys(found).every((path) => known.has(path)) &&
    wanted.every(([path, entry]) => {
      const other = found[path];
      if (!other) return entry.optional === true || entry.devOptional === true;
      return other.version === entry.version && other.integrity === entry.integrity;
    })
  );
}

/** @param {string} project */
export function packagesAreReady(project) {
  try {
    return readFileSync(stampPath(project), 'utf8') === expectedStamp(project);
  } catch {
    return false;
  }
}

/** Packages that a developer's own `npm install` put there need no second installation. @param {string} project */
function installedByHand(project) {
  try {
    /** @param {string} file @returns {LockFile} */
    const read = (file) => JSON.parse(readFileSync(join(project, file), 'utf8'));
    return samePackages(read('package-lock.json'), read('node_modules/.package-lock.json'));
  } catch {
    return false;
  }
}

/** npm as a program to run: the one that runs us, else the one on the path. Give it a --loglevel: `npm run -s` would silence its errors. */
export function npmCommand() {
  const script = process.env['npm_execpath'];
  if (script && existsSync(script) && /\.c?js$/.test(script))
    return { command: process.execPath, args: [script], shell: false };
  // On Windows npm is a batch file, which only a shell can run.
  return { command: 'npm', args: [], shell: process.platform === 'win32' };
}

/**
 * Installs the packages of package-lock.json. Their own install scripts stay off (.npmrc).
 * @param {string} project
 * @param {(pid: number) => void} onStart
 */
export async function installPackages(project, onStart) {
  if (!installedByHand(project)) {
    const startedMs = performance.now();
    say('Installing npm packages (npm ci)…');
    const npm = npmCommand();
    const { code, output } = await runProcess(
      npm.command,
      [...npm.args, 'ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'],
      {
        cwd: project,
        shell: npm.shell,
        onStart,
      },
    );
    if (code !== 0) throw new SetupError(`npm ci failed:\n${tail(output, 30)}`);
    say(`npm packages installed in ${elapsed(startedMs)}`);
  }
  writeFileSync(stampPath(project), expectedStamp(project));
}
