/**
 * TensorFlow for Node, from TensorFlow's own Python wheel: fetch, check, unpack, compile the addon against it, put the addon in place.
 * Everything fetched or built lives in the cache folder; a checkout only gets a copy of the addon (90 kB).
 */
import { copyFile, mkdir, mkdtemp, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { addonKey, buildAddon, verifyAddon } from './addon.mjs';
import { ADDON_PACKAGE, addonPaths, enginePaths, enginePlan, thisSystem, TENSORFLOW_VERSION } from './engine-plan.mjs';
import { formatBytes, say, SetupError } from './log.mjs';
import { npmCommand } from './packages.mjs';
import { downloadWheel, findPython } from './python.mjs';
import { runProcess, tail } from './run-process.mjs';
import { unpackWheel } from './unpack-wheel.mjs';

/**
 * @typedef {import('./engine-plan.mjs').Variant} Variant
 * @typedef {import('./engine-plan.mjs').EnginePlan} EnginePlan
 * @typedef {{ kind: 'built' | 'prebuilt', key: string, bytes: number, variant: Variant, site: string, tensorflow: string, gpu: boolean }} AddonStamp
 * @typedef {{ project: string, cache: string, variant: Variant }} Target
 */

const TEMPORARY_PREFIX = 'temporary-';
/** Wheel and unpacked libraries are on disk together for a moment: a library is about three times its wheel. */
const DISK_FACTOR = 4.2;

/** @param {string} file @returns {any} undefined when the file is missing or torn */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} path @param {number} bytes */
const hasSize = (path, bytes) => statSync(path, { throwIfNoEntry: false })?.size === bytes;

/** What a complete library folder says about itself. @param {EnginePlan} plan */
const wantedContent = (plan) => JSON.stringify(plan.wheels);

/**
 * Whether the libraries of a variant are in the cache, whole.
 * @param {string} cache @param {Variant} variant
 */
export function librariesAreReady(cache, variant) {
  const { site, manifest } = enginePaths(cache, variant);
  const plan = enginePlan({ platform: process.platform, arch: process.arch }, variant);
  const record = readJson(manifest);
  if (!plan || record?.content !== wantedContent(plan)) return false;
  const files = /** @type {[string, number][]} */ (Object.entries(record.files));
  return files.every(([name, bytes]) => name.includes('/include/') || hasSize(join(site, name), bytes));
}

/** The addon that is in place in a checkout, or undefined. @param {string} project @returns {AddonStamp | undefined} */
export function installedAddon(project) {
  const { addon, stamp } = addonPaths(project);
  /** @type {AddonStamp | undefined} */
  const record = readJson(stamp);
  return record && hasSize(addon, record.bytes) ? record : undefined;
}

/** Whether the addon in place is the one that today's sources and the chosen variant ask for. @param {Target} target */
export function addonIsCurrent({ project, cache, variant }) {
  const record = installedAddon(project);
  if (record?.variant !== variant) return false;
  return record.kind === 'prebuilt' || record.key === addonKey(project, enginePaths(cache, variant).site);
}

/** Whether the engine can start as it is: a look at a few files, no process is started. @param {Target} target */
export function engineIsReady(target) {
  if (!addonIsCurrent(target)) return false;
  return installedAddon(target.project)?.kind === 'prebuilt' || librariesAreReady(target.cache, target.variant);
}

/** @param {string} cache @param {EnginePlan} plan */
async function checkDiskSpace(cache, plan) {
  const needed = plan.wheels.reduce((sum, wheel) => sum + wheel.bytes, 0) * DISK_FACTOR;
  const { bavail, bsize } = await statfs(cache);
  if (bavail * bsize >= needed) return;
  throw new SetupError(
    `${cache} needs ${formatBytes(needed)} of free space and has ${formatBytes(bavail * bsize)}. ` +
      'Free some, or set XDG_CACHE_HOME to a folder on another disk.',
  );
}

/** @param {Target} target @param {EnginePlan} plan @param {string} temporary */
async function fetchLibraries({ cache, variant }, plan, temporary) {
  await checkDiskSpace(cache, plan);
  const python = await findPython();
  if (!python) throw new SetupError('no Python with pip found (python3 -m pip)');
  const { folder } = enginePaths(cache, variant);
  const draft = join(temporary, 'engine');
  /** @type {Record<string, number>} */
  const files = {};
  for (const wheel of plan.wheels) {
    const path = await downloadWheel(python.command, wheel, plan.platformTags, temporary);
    Object.assign(files, await unpackWheel(path, wheel.folders, join(draft, 'site')));
    await rm(path);
  }
  // The record is written last and the folder appears by one rename: a folder that is there is whole.
  await writeFile(join(draft, 'manifest.json'), JSON.stringify({ content: wantedContent(plan), files }));
  if (existsSync(folder)) await rename(folder, join(temporary, 'replaced'));
  await rename(draft, folder);
}

/** Puts an addon in place by one rename: processes that use the old one keep it. @param {string} project @param {string} source @param {Omit<AddonStamp, 'bytes'>} record */
async function placeAddon(project, source, record) {
  const { folder, addon, stamp } = addonPaths(project);
  await mkdir(folder, { recursive: true });
  await copyFile(source, `${addon}.draft`);
  await rename(`${addon}.draft`, addon);
  await writeStamp(stamp, { ...record, bytes: statSync(addon).size });
}

/** @param {string} stamp @param {AddonStamp} record */
async function writeStamp(stamp, record) {
  await writeFile(`${stamp}.draft`, JSON.stringify(record));
  await rename(`${stamp}.draft`, stamp);
}

/** @param {Target} target @param {string} temporary */
async function installFromWheel(target, temporary) {
  const { project, cache, variant } = target;
  const plan = enginePlan(thisSystem(), variant);
  if (!plan)
    throw new SetupError(`there is no ${variant} wheel of TensorFlow for ${process.platform} on ${process.arch}`);
  if (!librariesAreReady(cache, variant)) await fetchLibraries(target, plan, temporary);
  const { site } = enginePaths(cache, variant);
  const key = addonKey(project, site);
  const { path, found } = await buildAddon({ project, cache, site, libraries: plan.libraries, key, temporary });
  await placeAddon(project, path, { kind: 'built', key, variant, site, ...found });
  say(`TensorFlow ${found.tensorflow} is ready (${found.gpu ? 'GPU' : 'CPU'})`);
  if (variant === 'gpu' && !found.gpu)
    say('No GPU was found; until there is one it computes on the CPU. Is the NVIDIA driver installed?');
}

/** The npm package's own install script: an older TensorFlow and a ready-made addon, without our additions. @param {Target} target */
async function installPrebuilt({ project, variant }) {
  say(`Trying the prebuilt library of ${ADDON_PACKAGE} instead…`);
  const npm = npmCommand();
  const args = [...npm.args, 'rebuild', ADDON_PACKAGE, '--ignore-scripts=false', '--loglevel=error'];
  const { code, output } = await runProcess(npm.command, args, {
    cwd: project,
    shell: npm.shell,
    timeoutMs: 30 * 60_000,
  });
  const { addon, stamp } = addonPaths(project);
  if (code !== 0 || !existsSync(addon))
    throw new SetupError(`npm rebuild ${ADDON_PACKAGE} failed:\n${tail(output, 5)}`);
  const found = await verifyAddon(addon);
  await writeStamp(stamp, { kind: 'prebuilt', key: '', variant, site: '', ...found, bytes: statSync(addon).size });
  say(`TensorFlow ${found.tensorflow} (prebuilt, older than ${TENSORFLOW_VERSION}) is ready`);
}

/** @param {unknown} first @param {unknown} second */
function bothFailed(first, second) {
  /** @param {unknown} error */
  const text = (error) => (error instanceof Error ? error.message : String(error));
  return new SetupError(
    [
      'TensorFlow could not be set up.',
      `  From its Python wheel: ${text(first)}`,
      `  From the npm package:  ${text(second)}`,
      'What is needed: a Python with pip, a C++ compiler, and access to the Python package index (or a mirror set in pip.conf).',
      '  Debian, Ubuntu: apt-get install python3-pip g++',
      '  Fedora:         dnf install python3-pip gcc-c++',
      '  macOS:          xcode-select --install, and python3 with pip',
      'Then run: npm run setup',
    ].join('\n'),
  );
}

/** Folders that a killed set-up left behind. Only called under the lock, so none is in use. @param {string} cache */
async function removeLeftovers(cache) {
  const names = (await readdir(cache)).filter((name) => name.startsWith(TEMPORARY_PREFIX));
  await Promise.all(names.map((name) => rm(join(cache, name), { recursive: true, force: true })));
}

/**
 * Makes the engine ready. The caller holds the lock of the cache folder.
 * @param {Target} target
 */
export async function installEngine(target) {
  await removeLeftovers(target.cache);
  const temporary = await mkdtemp(join(target.cache, TEMPORARY_PREFIX));
  try {
    await installFromWheel(target, temporary);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`Set-up from the Python wheel failed: ${error.message}`);
    await installPrebuilt(target).catch((/** @type {unknown} */ second) => {
      throw bothFailed(error, second);
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
