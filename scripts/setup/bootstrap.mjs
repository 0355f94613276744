/** Everything a fresh checkout lacks, in order: npm packages, then TensorFlow. Does nothing, in a few milliseconds, where all is there. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { engineIsReady, installEngine } from './engine.mjs';
import { cacheFolder, PROJECT_FOLDER } from './engine-plan.mjs';
import { withLock } from './lock.mjs';
import { say, SetupError } from './log.mjs';
import { installPackages, packagesAreReady } from './packages.mjs';

/** @typedef {import('./engine-plan.mjs').Variant} Variant */

/** @param {string} cache */
const variantFile = (cache) => join(cache, 'variant');

/** Which library this user has chosen with `npm run setup -- --gpu` or `--cpu`. @param {string} cache @returns {Variant} */
export function chosenVariant(cache) {
  try {
    return readFileSync(variantFile(cache), 'utf8').trim() === 'gpu' ? 'gpu' : 'cpu';
  } catch {
    return 'cpu';
  }
}

/** @param {string} cache */
function createCache(cache) {
  try {
    mkdirSync(cache, { recursive: true });
  } catch (error) {
    throw new SetupError(
      `The cache folder ${cache} cannot be created (${String(error)}). Set XDG_CACHE_HOME to a folder you can write to.`,
    );
  }
}

/**
 * @param {{ engine?: boolean, variant?: Variant, force?: boolean }} [wanted] `engine: false` leaves TensorFlow alone; `force` sets it up
 *   again although it seems ready
 */
export async function bootstrap({ engine = true, variant, force = false } = {}) {
  const project = PROJECT_FOLDER;
  const cache = cacheFolder();
  const target = { project, cache, variant: variant ?? chosenVariant(cache) };
  const isReady = () => packagesAreReady(project) && (!engine || engineIsReady(target));
  if (!force && variant === undefined && isReady()) return;
  createCache(cache);
  await withLock(join(cache, 'setup.lock'), async (onWorker) => {
    if (variant) writeFileSync(variantFile(cache), `${variant}\n`);
    if (!packagesAreReady(project)) await installPackages(project, onWorker);
    if (engine && (force || !engineIsReady(target))) await installEngine(target);
  });
}

/**
 * Runs a script's body: errors the user can mend are printed as they are, all others with their trace.
 * @param {() => Promise<number>} body resolves to the exit code
 */
export async function runScript(body) {
  try {
    process.exitCode = await body();
  } catch (error) {
    say(error instanceof SetupError ? error.message : String(error instanceof Error ? error.stack : error));
    process.exitCode = 1;
  }
}
