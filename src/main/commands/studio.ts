import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { InputError } from '../../shared/errors.ts';
import { serve, type ServedStudio } from '../serve.ts';
import { END_SIGNALS } from '../terminal/end-signals.ts';

export const summary = 'open the studio: configure stages, watch trainings, compare answers';

export const usage = `
Usage: llavolta studio [--port N] [--workspace DIR] [--root DIR] [--no-open] [--host ADDRESS --allow-remote]

Serves the studio to a browser on this machine and prints its address, which can be used once; Enter prints another.
Ctrl-C ends it: a training saves first and goes on when the studio is started again.

--port         by default 4871, or a free one where that is taken; 0 for any
--workspace    folder with runs/, data/ and models/; by default the current one
--root         folder below which datasets can be browsed; by default the workspace
--no-open      do not open a browser
--host         address to listen on; by default this machine alone. Others need --allow-remote too. Safer, for a machine
               elsewhere: ssh -L 4871:127.0.0.1:4871 machine
`;

const DEFAULT_PORT = 4871;
const HIGHEST_PORT = 65_535;

const OPTIONS = {
  port: { type: 'string' },
  workspace: { type: 'string', default: '.' },
  root: { type: 'string' },
  'no-open': { type: 'boolean', default: false },
  host: { type: 'string', default: '127.0.0.1' },
  'allow-remote': { type: 'boolean', default: false },
} as const;

function readPort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : NaN;
  if (port <= HIGHEST_PORT) return port;
  throw new InputError({ field: '--port', value: text, rule: `must be a whole number from 0 to ${HIGHEST_PORT}` });
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
  linux: ['xdg-open'],
};

/** Opens an address in the user's browser; where that does not work, the address stands in the terminal. */
function openBrowser(url: string): void {
  const [program, ...args] = OPENERS[process.platform] ?? [];
  if (program === undefined) return;
  const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

/** Serves at the port that was asked for, or at the usual one, or else at any. */
async function begin(argv: string[]): Promise<{ served: ServedStudio; opens: boolean }> {
  const { values } = parseArgs({ args: argv, options: OPTIONS });
  const { workspace, root, host } = values;
  const options = { workspace, host, allowRemote: values['allow-remote'], ...(root !== undefined && { root }) };
  const opens = !values['no-open'];
  if (values.port !== undefined) return { served: await serve({ ...options, port: readPort(values.port) }), opens };
  try {
    return { served: await serve({ ...options, port: DEFAULT_PORT }), opens };
  } catch (error) {
    if (!(error instanceof InputError) || error.problem.field !== '--port') throw error;
    return { served: await serve({ ...options, port: 0 }), opens };
  }
}

/** Resolves when the user ends the studio. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of END_SIGNALS) process.once(signal, () => resolve());
  });
}

export async function run(argv: string[]): Promise<number> {
  const { served, opens } = await begin(argv);
  const { workspace } = served.studio;
  process.stdout.write(`LLaVolta Studio in ${workspace.folder}\n\n  ${served.url}\n\n`);
  process.stdout.write('The address can be used once; Enter prints another. Ctrl-C ends the studio.\n');
  if (opens) openBrowser(served.url);
  const input = createInterface({ input: process.stdin });
  input.on('line', () => process.stdout.write(`  ${served.newUrl()}\n`));
  await untilStopped();
  input.close();
  if (served.isTraining()) process.stdout.write('Saving the training …\n');
  await served.close();
  return 0;
}
