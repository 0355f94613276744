/**
 * PyTorch and transformers in a virtual environment of their own, for the tests that open exported models in Python. Nothing else needs
 * them: where they cannot be had, those tests are skipped.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './engine-plan.mjs';
import { withLock } from './lock.mjs';
import { formatBytes, say, SetupError, startProgress } from './log.mjs';
import { findPython, folderBytes } from './python.mjs';
import { runProcess, tail } from './run-process.mjs';

const TORCH = 'torch==2.15.0';

/** With all that they need. */
const PACKAGES = [
  ...['transformers==5.23.0', 'tokenizers==0.23.3', 'safetensors==0.8.0', 'numpy==2.4.6', 'pillow==13.0.0'],
  // What torch, accelerate and peft need besides each other.
  ...['jinja2', 'sympy', 'networkx', 'fsspec', 'filelock', 'typing-extensions', 'psutil', 'packaging', 'setuptools'],
];
const WITHOUT_DEPENDENCIES = ['accelerate==1.15.0', 'peft==0.21.2', TORCH];

/**
 * On Linux x86-64 the index has PyTorch for CUDA only, whose libraries name these when they are loaded, also where nothing is computed on a
 * GPU. Of what it asks for, Triton and cuSOLVER are opened only when they are used, and are left out: 1.3 GB.
 */
const LINUX_X64_LIBRARIES = [
  ...['nvidia-cublas==13.4.1.3', 'nvidia-cuda-cupti==13.2.86', 'nvidia-cuda-nvrtc==13.2.86'],
  ...['nvidia-cuda-runtime==13.2.86', 'nvidia-cudnn-cu13==9.26.0.51', 'nvidia-cufft==12.2.0.57'],
  ...['nvidia-cufile==1.17.1.22', 'nvidia-cusparse==12.7.10.12', 'nvidia-cusparselt-cu13==0.8.1'],
  ...['nvidia-nccl-cu13==2.30.7', 'nvidia-nvjitlink==13.5.37', 'nvidia-nvshmem-cu13==3.7.2'],
];

const isLinuxX64 = process.platform === 'linux' && process.arch === 'x64';

/** Without their dependencies, which are named here. */
const alone = isLinuxX64 ? [...WITHOUT_DEPENDENCIES, ...LINUX_X64_LIBRARIES] : WITHOUT_DEPENDENCIES;

/** Measured on Linux x86-64; other systems have no CUDA libraries. */
const INSTALLED_BYTES = isLinuxX64 ? 4.6e9 : 1.2e9;

const MODULES = 'torch, transformers, tokenizers, peft, safetensors, numpy, PIL';

/** Where the packages of these versions are. @param {string} [cache] */
export function pythonFolder(cache = cacheFolder()) {
  const key = createHash('sha256')
    .update(JSON.stringify([PACKAGES, alone]))
    .digest('hex')
    .slice(0, 12);
  return join(cache, `python-${key}`);
}

/** @param {string} folder of a virtual environment */
export function programIn(folder) {
  return process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');
}

/** Written last. @param {string} folder */
const readyFile = (folder) => join(folder, 'llavolta-ready');

/** @param {string} [cache] */
export function pythonIsReady(cache) {
  return existsSync(readyFile(pythonFolder(cache)));
}

/**
 * Pythons that may have the packages, the likeliest first: `LLAVOLTA_PYTHON`, which stands alone, or ours and the system's.
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {string[]}
 */
export function pythonPrograms(environment = process.env) {
  const named = environment['LLAVOLTA_PYTHON'];
  if (named) return [named];
  const cache = cacheFolder(environment);
  return [...(pythonIsReady(cache) ? [programIn(pythonFolder(cache))] : []), 'python3'];
}

/** Whether a run of the tests shall install the packages. @param {NodeJS.ProcessEnv} [environment] */
export function testsInstallPython(environment = process.env) {
  return environment['CI'] === 'true' && !environment['LLAVOLTA_PYTHON'];
}

/** @param {string} cache */
async function checkDiskSpace(cache) {
  const { bavail, bsize } = await statfs(cache);
  // pip unpacks while the downloaded file is still there.
  const needed = INSTALLED_BYTES * 1.5;
  if (bavail * bsize >= needed) return;
  throw new SetupError(`${formatBytes(needed)} are needed in ${cache}, ${formatBytes(bavail * bsize)} are free.`);
}

/** @param {string} command @param {string[]} args @param {string} what @param {(pid: number) => void} onWorker @param {string} scratch */
async function run(command, args, what, onWorker, scratch) {
  const env = { ...process.env, TMPDIR: scratch, TEMP: scratch, TMP: scratch, PIP_REQUIRE_VIRTUALENV: '0' };
  const { code, output } = await runProcess(command, args, { env, onStart: onWorker });
  if (code !== 0) throw new SetupError(`${what}: ${tail(output, 5)}`);
}

/** @param {string} folder @param {(pid: number) => void} onWorker */
async function install(folder, onWorker) {
  const python = await findPython();
  if (!python) throw new SetupError('Python 3 with pip was not found (Debian: apt-get install python3-pip).');
  rmSync(folder, { recursive: true, force: true });
  const scratch = join(folder, 'scratch');
  mkdirSync(scratch, { recursive: true });
  const { command } = python;
  // Its own pip is not needed, and Debian has what makes it in another package.
  await run(command, ['-m', 'venv', '--without-pip', folder], 'The environment was not made', onWorker, scratch);
  const pip = [
    ...['-m', 'pip', '--python', programIn(folder), 'install', '--quiet', '--only-binary=:all:', '--no-cache-dir'],
    ...['--disable-pip-version-check', '--no-input', '--progress-bar=off'],
  ];
  await run(command, [...pip, ...PACKAGES], 'transformers was not installed', onWorker, scratch);
  await run(command, [...pip, '--no-deps', ...alone], 'PyTorch was not installed', onWorker, scratch);
  await run(programIn(folder), ['-c', `import ${MODULES}`], 'The packages do not load', onWorker, scratch);
  rmSync(scratch, { recursive: true, force: true });
  writeFileSync(readyFile(folder), '');
}

/**
 * Installs the packages where they are not there yet. Several processes may ask at once.
 * @throws {SetupError} where they cannot be had
 */
export async function installPython() {
  const cache = cacheFolder();
  if (pythonIsReady(cache)) return;
  const folder = pythonFolder(cache);
  mkdirSync(cache, { recursive: true });
  await withLock(join(cache, 'python.lock'), async (onWorker) => {
    if (pythonIsReady(cache)) return;
    await checkDiskSpace(cache);
    const progress = startProgress('Installing PyTorch and transformers', INSTALLED_BYTES);
    const timer = setInterval(() => progress.update(folderBytes(folder)), 3000);
    try {
      await install(folder, onWorker);
      progress.done();
    } catch (error) {
      progress.end();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    } finally {
      clearInterval(timer);
    }
  });
}

/** `installPython` for the tests: what cannot be installed leaves tests out, and is said. */
export async function installPythonForTests() {
  try {
    await installPython();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`Tests that compare with Python's transformers will be skipped: ${error.message}`);
  }
}
