import { homedir } from 'node:os';
import { parse, resolve } from 'node:path';
import { z } from 'zod';
import { InputError } from '../../shared/errors.ts';
import { isLoopback } from './guards.ts';

/** How the shell was started. */
export const desktopArgumentsSchema = z.strictObject({
  /** A studio that runs already, to show instead of one of our own. */
  attach: z.string().optional(),
  /** Absolute path of the folder that holds runs, data and models. */
  workspace: z.string().optional(),
});
export type DesktopArguments = z.infer<typeof desktopArgumentsSchema>;

/** The folder that everything the user can open lies in: his own choice by the system's dialog is not narrowed further. */
export const FILE_SYSTEM_ROOT = parse(homedir()).root;

/** The value of `--name value` or `--name=value`; the last one counts. */
function valueOf(name: string, argv: readonly string[]): string | undefined {
  const at = argv.findLastIndex((argument) => argument === name || argument.startsWith(`${name}=`));
  const found = argv[at];
  if (found === undefined) return undefined;
  const value = found === name ? argv[at + 1] : found.slice(name.length + 1);
  if (value === undefined || value === '' || value.startsWith('--'))
    throw new InputError({ field: name, value: value ?? '', rule: 'must be followed by a value' });
  return value;
}

/**
 * A studio's address, with its one-time token if it has one.
 *
 * @throws InputError where it is no address, or one over which anybody could read along
 */
function studioAddress(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Electron's security checklist, 1: nothing insecure is loaded. Loopback does not leave the machine.
  const isSafe = url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)));
  if (isSafe && url.username === '' && url.password === '') return url;
  throw new InputError({
    field: '--attach',
    value: text,
    rule: 'must be an address such as http://127.0.0.1:7860/ or https://…',
    hint: 'reach a studio on another machine through a tunnel: ssh -L 7860:127.0.0.1:7860 <machine>',
  });
}

/**
 * Reads the shell's own arguments. Others are left alone: Chromium, Electron and test drivers add theirs to the same list.
 *
 * @throws InputError where a value is missing or is no studio's address
 */
export function parseDesktopArguments(argv: readonly string[]): DesktopArguments {
  const attach = valueOf('--attach', argv);
  const workspace = valueOf('--workspace', argv);
  return {
    ...(attach === undefined ? {} : { attach: studioAddress(attach).href }),
    ...(workspace === undefined ? {} : { workspace: resolve(workspace) }),
  };
}
