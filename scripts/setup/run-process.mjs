import { spawn } from 'node:child_process';

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

function killAll() {
  for (const child of running) child.kill('SIGTERM');
}

/** @param {NodeJS.Signals} signal */
function leave(signal) {
  killAll();
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

function watchSignals() {
  process.once('SIGINT', leave).once('SIGTERM', leave).once('exit', killAll);
}

function unwatchSignals() {
  process.off('SIGINT', leave).off('SIGTERM', leave).off('exit', killAll);
}

/**
 * Runs a program to its end without input and collects what it prints. A program that does not exist or is killed gives a code other
 * than 0, never an exception. While it runs, a signal to this process ends both.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, shell?: boolean, onStart?: (pid: number) => void }} [options]
 * @returns {Promise<{ code: number, stdout: string, output: string }>} `output` is stdout and stderr together
 */
export function runProcess(command, args, options = {}) {
  return new Promise((resolve) => {
    const { cwd, env, shell, timeoutMs, onStart } = options;
    if (running.size === 0) watchSignals();
    const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    // Not spawn's own `timeout`: its timer lives on, and this process with it, when the program does not exist.
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    if (child.pid !== undefined) onStart?.(child.pid);
    let stdout = '';
    let output = '';
    child.stdout.on('data', (/** @type {Buffer} */ chunk) => {
      stdout += chunk.toString();
      output += chunk.toString();
    });
    child.stderr.on('data', (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
    });
    /** @param {number} code */
    const finish = (code) => {
      clearTimeout(timer);
      running.delete(child);
      if (running.size === 0) unwatchSignals();
      resolve({ code, stdout, output });
    };
    child.on('error', (error) => {
      output += error.message;
      finish(127);
    });
    child.on('close', (code) => finish(code ?? 1));
  });
}

/**
 * The last lines of a program's output, for an error message.
 * @param {string} output
 */
export function tail(output, lines = 15) {
  return output.trim().split('\n').slice(-lines).join('\n');
}
