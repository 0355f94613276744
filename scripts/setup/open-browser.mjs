import { spawn } from 'node:child_process';

/**
 * The program that shows an address in the system's browser, or undefined where there is no display to show it on.
 * @param {string} url @param {{ platform: NodeJS.Platform, env: NodeJS.ProcessEnv }} system
 * @returns {{ command: string, args: string[] } | undefined}
 */
export function browserCommand(url, { platform, env }) {
  if (platform === 'darwin') return { command: 'open', args: [url] };
  // Not `start`: it belongs to a shell, which would take the address apart at every `&`.
  if (platform === 'win32') return { command: 'rundll32', args: ['url.dll,FileProtocolHandler', url] };
  if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return undefined;
  return { command: 'xdg-open', args: [url] };
}

/**
 * Shows an address in the system's browser. Where that fails the user has the address, which is printed in any case.
 * @param {string} url @returns {boolean} whether it was tried
 */
export function openBrowser(url) {
  const browser = browserCommand(url, process);
  if (!browser) return false;
  // Detached: Ctrl-C in this terminal must not close a browser that was just started.
  const child = spawn(browser.command, browser.args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
  return true;
}
