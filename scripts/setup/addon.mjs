/** The native addon: the C++ sources of tfjs-node-gpu, and ours beside them, compiled against the TensorFlow library that was fetched. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADDON_FILE, ADDON_PACKAGE, addonPaths, TENSORFLOW_VERSION } from './engine-plan.mjs';
import { elapsed, say, SetupError } from './log.mjs';
import { runProcess, tail } from './run-process.mjs';

const OWN_SOURCES = 'src/main/engine/backend/native';
const FLAGS = [
  ...['-O2', '-std=c++17', '-shared', '-fPIC', '-fno-exceptions'],
  ...['-DNAPI_VERSION=8', '-DNODE_GYP_MODULE_NAME=tfjs_binding', '-DBUILDING_NODE_EXTENSION'],
  // macOS: the Node-API symbols come from the program that loads the addon.
  ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
];

/** The first C++ compiler that answers. @returns {Promise<{ command: string, version: string } | undefined>} */
export async function findCompiler() {
  for (const command of [process.env['CXX'], 'g++', 'c++', 'clang++']) {
    if (!command) continue;
    const { code, stdout } = await runProcess(command, ['--version'], { timeoutMs: 30_000 });
    if (code === 0) return { command, version: stdout.split('\n')[0] ?? '' };
  }
  return undefined;
}

/** Files of a folder with one of the endings, in a fixed order. @param {string} folder @param {RegExp} ending */
function filesOf(folder, ending) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => ending.test(name));
  return names.sort().map((name) => join(folder, name));
}

/** @param {string} project @param {RegExp} ending */
function sourceFiles(project, ending) {
  const { packageFolder } = addonPaths(project);
  return [...filesOf(join(packageFolder, 'binding'), ending), ...filesOf(join(project, OWN_SOURCES), ending)];
}

/**
 * The sources to compile: the package's and ours, less those of the package that one of ours includes to extend them.
 * @param {string} project
 */
function compiledFiles(project) {
  const files = sourceFiles(project, /\.cc$/);
  const included = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^#include "(.*\.cc)"/gm)].map((match) => match[1]),
  );
  return files.filter((file) => !included.includes(basename(file)));
}

/**
 * Names one build of the addon: it changes with anything the result depends on. The compiler's version is left out on purpose, as
 * Node-API and TensorFlow's C API are stable across compilers.
 * @param {string} project
 * @param {string} site
 */
export function addonKey(project, site) {
  const { packageFolder } = addonPaths(project);
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'));
  const hash = createHash('sha256');
  hash.update([ADDON_PACKAGE, version, TENSORFLOW_VERSION, process.platform, process.arch, site, ...FLAGS].join('\n'));
  for (const file of sourceFiles(project, /\.(cc|h)$/)) hash.update(`\n${readFileSync(file, 'utf8')}`);
  return hash.digest('hex').slice(0, 20);
}

/** @param {string} cache @param {string} key */
export const builtAddonPath = (cache, key) => join(cache, 'addons', key, ADDON_FILE);

/** @param {string} project @param {string} site @param {string[]} libraries @param {string} output */
function compilerArguments(project, site, libraries, output) {
  const { packageFolder } = addonPaths(project);
  const includes = [packageFolder, join(packageFolder, 'binding'), join(project, OWN_SOURCES)].concat(
    join(project, 'node_modules/node-api-headers/include'),
    join(site, 'tensorflow/include'),
  );
  return [
    ...FLAGS,
    ...includes.map((folder) => `-I${folder}`),
    ...compiledFiles(project),
    ...libraries.map((library) => join(site, library)),
    `-Wl,-rpath,${join(site, 'tensorflow')}`,
    ...['-o', output],
  ];
}

/**
 * Compiles the addon into the cache, unless this very build is there, and checks that it works.
 * @param {{ project: string, cache: string, site: string, libraries: string[], key: string, temporary: string }} build
 */
export async function buildAddon({ project, cache, site, libraries, key, temporary }) {
  const target = builtAddonPath(cache, key);
  if (existsSync(target)) return { path: target, found: await verifyAddon(target) };
  const compiler = await findCompiler();
  if (!compiler) throw new SetupError('no C++ compiler found (g++, c++ or clang++)');
  const startedMs = performance.now();
  say(`Compiling TensorFlow's Node addon with ${compiler.command}…`);
  const draft = join(temporary, ADDON_FILE);
  const { code, output } = await runProcess(compiler.command, compilerArguments(project, site, libraries, draft));
  if (code !== 0) throw new SetupError(`the addon did not compile:\n${tail(output, 20)}`);
  const found = await verifyAddon(draft);
  await mkdir(dirname(target), { recursive: true });
  await rename(draft, target);
  say(`Compiled and checked in ${elapsed(startedMs)}`);
  return { path: target, found };
}

/**
 * Loads the addon in a process of its own (a broken library can end the process) and has it multiply two matrices.
 * @param {string} addon
 * @returns {Promise<{ tensorflow: string, gpu: boolean }>}
 */
export async function verifyAddon(addon) {
  const program = fileURLToPath(new URL('verify-addon.cjs', import.meta.url));
  const { code, stdout, output } = await runProcess(process.execPath, [program, addon], {
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
    timeoutMs: 120_000,
  });
  if (code !== 0) throw new SetupError(`TensorFlow does not load:\n${tail(output, 10)}`);
  return JSON.parse(/** @type {string} */ (stdout.trim().split('\n').at(-1)));
}
