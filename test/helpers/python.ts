import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { pythonPrograms } from '../../scripts/setup/python-packages.mjs';

/** Looks for modules without loading them: PyTorch alone takes seconds to load. */
const FIND = 'import importlib.util, sys; sys.exit(any(not importlib.util.find_spec(name) for name in sys.argv[1:]))';

const hasModules = (program: string, modules: readonly string[]): boolean =>
  spawnSync(program, ['-c', FIND, ...modules]).status === 0;

/**
 * The Python for tests that compare with transformers: the one of `LLAVOLTA_PYTHON`, else the one that
 * `npm run setup -- --python` made, else the system's.
 *
 * @returns its program; undefined where none has the modules, so that tests can be skipped
 */
export function pythonWith(...modules: string[]): string | undefined {
  return pythonPrograms().find((program) => hasModules(program, modules));
}

/** Says in a test's name why it is skipped where it is. */
export const PYTHON_HINT = 'needs Python with transformers: npm run setup -- --python, or LLAVOLTA_PYTHON';

/** Runs one of test/python with arguments and returns the JSON that it prints. @throws Error with what it said where it fails */
export function runPython(program: string, script: string, args: readonly string[]): unknown {
  const file = fileURLToPath(new URL(`../python/${script}`, import.meta.url));
  const { status, stdout, stderr } = spawnSync(program, [file, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`${script} failed: ${stderr}`);
  return JSON.parse(stdout);
}
