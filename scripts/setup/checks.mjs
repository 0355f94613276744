/** Format, lint and type checks, then the tests; one summary line at the end. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PROJECT_FOLDER } from './engine-plan.mjs';
import { elapsed } from './log.mjs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ status: string, assertionResults: { status: string }[] }} FileResult
 * @typedef {{ name: string, package: string, program: string, args: string[] }} Check
 */

/** Those of a lane run one after the other. Lint takes as long as the others together, so each lane has a core for itself. @type {Check[][]} */
const LANES = [
  [{ name: 'lint', package: 'eslint', program: 'bin/eslint.js', args: ['.', '--max-warnings', '0'] }],
  [
    { name: 'format', package: 'prettier', program: 'bin/prettier.cjs', args: ['--check', '--log-level=warn', '.'] },
    { name: 'types', package: 'typescript', program: 'bin/tsc', args: ['-p', 'tsconfig.json', '--noEmit'] },
    {
      name: 'types of the renderer',
      package: 'vue-tsc',
      program: 'bin/vue-tsc.js',
      args: ['-p', 'src/renderer/tsconfig.json', '--noEmit'],
    },
  ],
];

/** Runs a package's program with its output shown as it comes. @param {string} name @param {string} program @param {string[]} args @param {NodeJS.ProcessEnv} [env] @returns {Promise<number>} */
function runTool(name, program, args, env) {
  const folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(folder, program), ...args], {
      cwd: PROJECT_FOLDER,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.on('error', () => resolve(1));
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/**
 * Counts vitest's JSON report. A file that fails outside its tests (it does not load, a hook throws) counts as one failure.
 * @param {{ testResults: FileResult[] }} report
 * @returns {Counts}
 */
export function countTests(report) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    const states = file.assertionResults.map(({ status }) => status);
    counts.passed += states.filter((state) => state === 'passed').length;
    const failed = states.filter((state) => state === 'failed').length;
    counts.failed += failed === 0 && file.status === 'failed' ? 1 : failed;
    counts.skipped += states.filter((state) => state !== 'passed' && state !== 'failed').length;
  }
  return counts;
}

/** @param {Counts} counts */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** @param {string[]} args @param {NodeJS.ProcessEnv} [env] @returns {Promise<Counts>} */
async function runTests(args, env) {
  const folder = mkdtempSync(join(tmpdir(), 'llavolta-report-'));
  const report = join(folder, 'vitest.json');
  try {
    const options = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const code = await runTool('vitest', 'vitest.mjs', [...options, ...args], env);
    const counts = countTests(JSON.parse(readFileSync(report, 'utf8')));
    // vitest also fails for errors outside all tests, such as an unhandled rejection.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Engine tests that no recorded function takes part in, or that try both ways by themselves: once is enough. */
const ONCE = [
  'test/main/engine/data/**',
  'test/main/engine/export/**',
  'test/main/engine/model/transformers.test.ts',
  'test/main/engine/train/two-processes.test.ts',
  'test/main/engine/verify/**',
];

/**
 * All tests, the engine's once more op by op; only the tests that are asked for where arguments are given.
 * @param {string[]} args @returns {Promise<Counts>}
 */
async function runTestsInBothModes(args) {
  const recorded = await runTests(args);
  if (args.length > 0) return recorded;
  console.log('The engine again, without recorded functions:');
  const excluded = ONCE.flatMap((files) => ['--exclude', files]);
  const eager = await runTests(['test/main/engine', ...excluded], { LLAVOLTA_EXECUTION: 'eager' });
  return {
    passed: recorded.passed + eager.passed,
    failed: recorded.failed + eager.failed,
    skipped: recorded.skipped + eager.skipped,
  };
}

/**
 * Runs the checks of a lane, also after one has failed.
 * @param {Check[]} lane @returns {Promise<string[]>} names of those that failed
 */
async function runLane(lane) {
  /** @type {string[]} */
  const broken = [];
  for (const check of lane) {
    const startedMs = performance.now();
    const code = await runTool(check.package, check.program, check.args);
    console.log(`${check.name}: ${code === 0 ? 'ok' : 'FAILED'} (${elapsed(startedMs)})`);
    if (code !== 0) broken.push(check.name);
  }
  return broken;
}

/**
 * Runs all checks, then the tests, whatever failed before. A failed check counts as one failure.
 * @param {string[]} testArguments for vitest
 * @returns {Promise<number>} exit code
 */
export async function runChecks(testArguments) {
  const broken = (await Promise.all(LANES.map(runLane))).flat();
  const tests = await runTestsInBothModes(testArguments);
  const line = summaryLine({ ...tests, failed: tests.failed + broken.length });
  if (broken.length > 0) console.log(`Failed checks: ${broken.join(', ')}`);
  console.log(line);
  // For programs: npm prints lines of its own after ours.
  const file = process.env['LLAVOLTA_TEST_SUMMARY'];
  if (file) writeFileSync(file, `${line}\n`);
  return tests.failed + broken.length > 0 ? 1 : 0;
}
