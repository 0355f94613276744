/** What can go wrong during set-up in a way the user can mend: shown without a stack trace. */
export class SetupError extends Error {}

/**
 * Progress goes to stderr: stdout belongs to the command that was asked for.
 * @param {string} message
 */
export function say(message) {
  process.stderr.write(`${message}\n`);
}

/**
 * Bytes for people, in decimal units as download sizes are usually given.
 * @param {number} bytes
 */
export function formatBytes(bytes) {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(0)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/**
 * Seconds since a `performance.now()` mark.
 * @param {number} startedMs
 */
export function elapsed(startedMs) {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}

/**
 * Shows how far a transfer is: a bar on a terminal, a line per quarter elsewhere.
 * @param {string} label
 * @param {number} totalBytes
 */
export function startProgress(label, totalBytes) {
  const terminal = process.stderr.isTTY;
  const startedMs = performance.now();
  let shownQuarter = 0;
  /** @param {number} bytes */
  const update = (bytes) => {
    const share = Math.min(1, bytes / totalBytes);
    const text = `${label}  ${formatBytes(Math.min(bytes, totalBytes))} of ${formatBytes(totalBytes)}`;
    if (terminal) {
      const filled = Math.round(share * 24);
      process.stderr.write(`\r${'█'.repeat(filled)}${'░'.repeat(24 - filled)} ${text}\x1b[K`);
    } else if (Math.floor(share * 4) > shownQuarter && share < 1) {
      shownQuarter = Math.floor(share * 4);
      say(text);
    }
  };
  const end = () => {
    if (terminal) process.stderr.write('\r\x1b[K');
  };
  const done = () => {
    end();
    say(`${label}  ${formatBytes(totalBytes)} in ${elapsed(startedMs)}`);
  };
  update(0);
  return { update, end, done };
}
