import { parseArgs } from 'node:util';
import { SetupError } from './log.mjs';

export const START_USAGE = `Usage: npm start [-- options]

Sets up what is missing and opens the studio: in a window of its own where Electron is there, else in your browser.

  --serve          no window and no browser: print the address and serve, until Ctrl-C
  --port <n>       port of the studio (default: 4871, or one that is free)
  --workspace <d>  folder of runs, data and models (default: this folder)
  --root <d>       folder below which data may be picked in the browser (default: the workspace)
  --host <address> --allow-remote   let other machines in; a tunnel as below is safer
  --browser        the browser, also where a window could be opened
  --attach <url>   a window (or the browser) on a studio that runs already, here or at the end of an ssh tunnel

A studio on another machine:   there:  npm start -- --serve --port 7860
                               here:   ssh -L 7860:127.0.0.1:7860 <machine>, then open the address it printed
`;

/**
 * @typedef {{ mode: 'window' | 'browser' | 'serve', attach?: string, studio: string[], workspace?: string, help: boolean }} StartPlan
 *   `studio`: arguments for `llavolta studio`
 */

/** Which way to start, and what is handed on. @param {string[]} argv @returns {StartPlan} */
export function parseStartArguments(argv) {
  const values = readOptions(argv);
  const { attach, port, workspace, root } = values;
  if (attach !== undefined && (values.serve || port !== undefined || workspace !== undefined || root !== undefined))
    throw new SetupError('--attach shows a studio that runs already: it goes with --browser only.');
  const studio = ['port', 'workspace', 'root', 'host'].flatMap((name) => {
    const value = values[/** @type {'port'} */ (name)];
    return value === undefined ? [] : [`--${name}`, value];
  });
  // The window's studio takes a free port of its own; whoever names one, or a root, wants it served.
  const isServed = values.browser || port !== undefined || values.host !== undefined || root !== undefined;
  const mode = values.serve ? 'serve' : isServed ? 'browser' : 'window';
  if (values['allow-remote']) studio.push('--allow-remote');
  return { mode, attach, studio, workspace, help: values.help ?? false };
}

/** @param {string[]} argv */
function readOptions(argv) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean' });
  try {
    return parseArgs({
      args: argv,
      options: {
        serve: flag,
        browser: flag,
        port: text,
        host: text,
        'allow-remote': flag,
        workspace: text,
        root: text,
        attach: text,
        help: { ...flag, short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : String(error)}\n\n${START_USAGE}`);
  }
}
