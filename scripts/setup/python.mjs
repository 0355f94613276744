/** Python is used for one thing: its pip fetches TensorFlow's wheels, by whatever index and proxy the user has set for it. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { say, SetupError, startProgress } from './log.mjs';
import { runProcess, tail } from './run-process.mjs';

/** @typedef {import('./engine-plan.mjs').Wheel} Wheel */

const ATTEMPTS = 3;

/**
 * The first Python on the path that has pip. Its version does not matter: wheels are asked for by tag.
 * @returns {Promise<{ command: string, pip: string } | undefined>}
 */
export async function findPython() {
  for (const command of ['python3', 'python', 'py']) {
    const { code, stdout } = await runProcess(command, ['-m', 'pip', '--version'], { timeoutMs: 60_000 });
    if (code === 0) return { command, pip: stdout.trim() };
  }
  return undefined;
}

/** Bytes in a folder and all below it; files may vanish while it counts. @param {string} folder @returns {number} */
export function folderBytes(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
      const path = join(folder, entry.name);
      return sum + (entry.isDirectory() ? folderBytes(path) : (statSync(path, { throwIfNoEntry: false })?.size ?? 0));
    }, 0);
  } catch {
    return 0;
  }
}

/** @param {string} file */
async function sha256(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}

/**
 * Why a downloaded file is not the wheel it should be, or undefined when it is.
 * @param {string | undefined} file
 * @param {Wheel} wheel
 */
export async function wheelFault(file, wheel) {
  if (file === undefined || !existsSync(file)) return 'no file arrived';
  const { size } = statSync(file);
  if (size !== wheel.bytes) return `${size} bytes arrived instead of ${wheel.bytes}`;
  const found = await sha256(file);
  return found === wheel.sha256 ? undefined : `its sha256 is ${found}, expected ${wheel.sha256}`;
}

/** @param {Wheel} wheel @param {string[]} platformTags @param {string} target */
function pipArguments(wheel, platformTags, target) {
  return [
    ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--progress-bar=off'],
    ...['--disable-pip-version-check', '--no-input', '--python-version=3.12', '--implementation=cp', '--abi=cp312'],
    ...platformTags.map((tag) => `--platform=${tag}`),
    ...['--dest', target, `${wheel.project}==${wheel.version}`],
  ];
}

/** @param {string} python @param {Wheel} wheel @param {string[]} platformTags @param {string} folder */
async function pipDownload(python, wheel, platformTags, folder) {
  // pip downloads into its temporary folder and moves the file at the end: both are ours, so progress can be seen and nothing is left over.
  const scratch = join(folder, 'pip');
  const target = join(folder, wheel.project);
  await mkdir(scratch, { recursive: true });
  const progress = startProgress(`Downloading ${wheel.project} ${wheel.version}`, wheel.bytes);
  const timer = setInterval(() => progress.update(folderBytes(scratch) + folderBytes(target)), 250);
  const { code, output } = await runProcess(python, pipArguments(wheel, platformTags, target), {
    env: { ...process.env, TMPDIR: scratch, TEMP: scratch, TMP: scratch, PIP_REQUIRE_VIRTUALENV: '0' },
  });
  clearInterval(timer);
  const file = existsSync(target) ? readdirSync(target).find((name) => name.endsWith('.whl')) : undefined;
  if (code === 0) progress.done();
  else progress.end();
  return { file: file && join(target, file), problem: code === 0 ? undefined : tail(output, 5) };
}

/**
 * Fetches one wheel and makes sure it is the very file that was pinned. A broken or truncated download is thrown away and tried again.
 * @param {string} python
 * @param {Wheel} wheel
 * @param {string[]} platformTags
 * @param {string} folder for temporary use
 * @returns {Promise<string>} the wheel's path
 */
export async function downloadWheel(python, wheel, platformTags, folder) {
  let problem = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const download = await pipDownload(python, wheel, platformTags, folder);
    const fault = download.problem ?? (await wheelFault(download.file, wheel));
    if (fault === undefined) return /** @type {string} */ (download.file);
    problem = fault;
    say(`Download of ${wheel.project} failed (attempt ${attempt} of ${ATTEMPTS}): ${fault}`);
    rmSync(join(folder, wheel.project), { recursive: true, force: true });
  }
  throw new SetupError(`${wheel.project} ${wheel.version} could not be downloaded: ${problem}`);
}
