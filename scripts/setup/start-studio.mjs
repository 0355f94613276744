/** Opens the studio: in Electron's window where that can be had, else served for a browser. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { buildApp, buildRenderer } from './build-app.mjs';
import { findElectron, provideElectron, windowObstacle } from './electron.mjs';
import { cacheFolder, PROJECT_FOLDER } from './engine-plan.mjs';
import { say } from './log.mjs';
import { openBrowser } from './open-browser.mjs';
import { runTerminalProgram } from './terminal-program.mjs';

/** @typedef {import('./start-arguments.mjs').StartPlan} StartPlan */

/** A window that ends with a fault this early was none: a missing library, a sandbox the system refuses. */
const EARLY_MS = 10_000;

/** Windows' words for these signals do not matter: there Ctrl-C reaches the child by itself. @type {NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Waits for a child. Signals are the child's to answer: it may have a training to save, and this process must not leave before it.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>} exit code; 1 where it did not start or a signal ended it
 */
function waitFor(child) {
  /** @type {NodeJS.SignalsListener} */
  const pass = (signal) => {
    // Ctrl-C has reached the child too, as one of the terminal's processes: passing it on would say it twice.
    if (signal !== 'SIGINT') child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  return new Promise((resolve) => {
    /** @param {number} code */
    const finish = (code) => {
      for (const signal of SIGNALS) process.off(signal, pass);
      resolve(code);
    };
    child.on('error', () => finish(1));
    child.on('close', (code) => finish(code ?? 1));
  });
}

/**
 * Runs the window to its end.
 * @param {string} electron @param {string[]} args
 * @returns {Promise<number | undefined>} exit code, or undefined where no window came up
 */
async function runWindow(electron, args) {
  const app = buildApp(PROJECT_FOLDER);
  const startedMs = performance.now();
  // Some terminals inside Electron programs set this one, and Electron would then be a mere Node.
  const env = { ...process.env, LLAVOLTA_NODE: process.execPath, ELECTRON_RUN_AS_NODE: undefined };
  const child = spawn(electron, [app, ...args], { env, stdio: 'inherit' });
  const code = await waitFor(child);
  return code !== 0 && performance.now() - startedMs < EARLY_MS ? undefined : code;
}

/**
 * Opens a window where that can be done, and says why where it cannot.
 * @param {string[]} args of the desktop shell
 * @returns {Promise<number | undefined>} exit code, or undefined where there is no window
 */
async function tryWindow(args) {
  const { platform, env } = process;
  const obstacle = windowObstacle({ platform, env, isRoot: process.getuid?.() === 0 });
  const electron = obstacle === undefined ? await provideElectron(PROJECT_FOLDER, cacheFolder()) : undefined;
  const code = electron === undefined ? undefined : await runWindow(electron, args);
  if (code !== undefined) return code;
  const missing =
    findElectron(PROJECT_FOLDER) === undefined ? 'Electron could not be fetched' : 'Electron ended at once';
  say(
    `No window of its own here: ${obstacle ?? missing}. The studio opens in the browser instead; it is the same page.`,
  );
  return undefined;
}

/** @param {string} url */
function showInBrowser(url) {
  if (openBrowser(url)) return;
  say('No display was found here. Open the address above in a browser on this machine, or through ssh -L.');
}

/** @param {string} url @param {StartPlan['mode']} mode @returns {Promise<number>} exit code */
async function attach(url, mode) {
  const code = mode === 'window' ? await tryWindow(['--attach', url]) : undefined;
  if (code !== undefined) return code;
  say(url);
  showInBrowser(url);
  return 0;
}

/** @param {StartPlan} plan @returns {Promise<number>} exit code */
export async function start(plan) {
  if (plan.attach !== undefined) {
    await bootstrap({ engine: false });
    return attach(plan.attach, plan.mode);
  }
  await bootstrap();
  await buildRenderer(PROJECT_FOLDER);
  const workspace = resolve(plan.workspace ?? '.');
  const code = plan.mode === 'window' ? await tryWindow(['--workspace', workspace]) : undefined;
  return code ?? runTerminalProgram(['studio', ...plan.studio, ...(plan.mode === 'serve' ? ['--no-open'] : [])]);
}
