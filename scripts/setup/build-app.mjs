/**
 * Builds the desktop app from the sources, without bundling: every TypeScript file of `src/main` and `src/shared` becomes JavaScript at the same place
 * below `out/app`, so engines are still started by path and everything is found where it lies in a checkout. Electron runs
 * `out/app`, and electron-builder packs it.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { elapsed, say, SetupError } from './log.mjs';
import { runProcess, tail } from './run-process.mjs';

/** What the app is made of, relative to the project. */
const SOURCES = ['src/main', 'src/shared', 'scripts/setup'];
/** What it reads at run time: linked here, packed by electron-builder. */
const LINKED = ['resources', 'out/renderer', 'node_modules'];
/** What the page is made of. */
const PAGE_SOURCES = ['src/renderer', 'src/shared', 'vite.config.ts', 'package-lock.json'];

/** Program files are named by address: `new URL('../engine/entry.ts', import.meta.url)`. Imports are the compiler's business. */
const PROGRAM_ADDRESS = /(new URL\(\s*'[^']+)\.ts('\s*,\s*import\.meta\.url)/g;

/** When a file, or the newest file below a folder, was written; 0 where there is none. @param {string} path @returns {number} */
function newest(path) {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (!entry?.isDirectory()) return entry?.mtimeMs ?? 0;
  // The folder's own time tells of files that were removed.
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/**
 * Whether a result is missing or older than what it is made of.
 * @param {string} project @param {string} result @param {string[]} sources both relative to the project
 */
export function isStale(project, result, sources) {
  const built = newest(join(project, result));
  return built === 0 || sources.some((source) => newest(join(project, source)) > built);
}

/**
 * One module as JavaScript, with the addresses of its neighbours changed alike.
 * @param {typeof import('typescript')} typescript @param {string} source
 */
export function compileModule(typescript, source) {
  const { outputText } = typescript.transpileModule(source.replace(PROGRAM_ADDRESS, '$1.js$2'), {
    compilerOptions: {
      target: typescript.ScriptTarget.ES2023,
      module: typescript.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  return outputText;
}

/** @param {typeof import('typescript')} typescript @param {string} project @param {string} app */
function compileSources(typescript, project, app) {
  for (const folder of SOURCES) {
    const files = readdirSync(join(project, folder), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const { parentPath, name } of files) {
      const from = join(parentPath, name);
      const to = join(app, from.slice(project.length));
      mkdirSync(dirname(to), { recursive: true });
      if (name.endsWith('.ts'))
        writeFileSync(to.replace(/\.ts$/, '.js'), compileModule(typescript, readFileSync(from, 'utf8')));
      else cpSync(from, to);
    }
  }
}

/** @param {string} project @param {string} app */
function writeManifest(project, app) {
  const { name, version, description, license } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  const manifest = {
    name,
    productName: 'LLaVolta Studio',
    version,
    description,
    license,
    type: 'module',
    main: 'src/main/index.js',
  };
  // Last: its time is that of the build.
  writeFileSync(join(app, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * Builds `out/app` where it is older than its sources.
 * @param {string} project @returns {string} its folder
 */
export function buildApp(project) {
  const app = join(project, 'out', 'app');
  const manifest = join('out', 'app', 'package.json');
  if (!isStale(project, manifest, [...SOURCES, 'package.json'])) return app;
  const startedMs = performance.now();
  rmSync(app, { recursive: true, force: true });
  compileSources(createRequire(import.meta.url)('typescript'), project, app);
  for (const path of LINKED) {
    mkdirSync(dirname(join(app, path)), { recursive: true });
    // 'junction': the only link that needs no rights on Windows. Elsewhere the word is ignored.
    symlinkSync(join(project, path), join(app, path), 'junction');
  }
  writeManifest(project, app);
  say(`Desktop app built in ${elapsed(startedMs)}`);
  return app;
}

/** Builds the page where it is missing or older than its sources. @param {string} project */
export async function buildRenderer(project) {
  if (!isStale(project, 'out/renderer/index.html', PAGE_SOURCES)) return;
  const startedMs = performance.now();
  say('Building the page…');
  const vite = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin', 'vite.js');
  const { code, output } = await runProcess(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: project });
  if (code !== 0) throw new SetupError(`The page could not be built:\n${tail(output, 30)}`);
  if (!existsSync(join(project, 'out/renderer/index.html')))
    throw new SetupError('The build of the page left no page.');
  say(`Page built in ${elapsed(startedMs)}`);
}
