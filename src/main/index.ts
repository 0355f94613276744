/**
 * The desktop shell: a window on a studio. It imports neither server nor engine, so `--attach` needs none of them.
 *
 *     electron out/app [--workspace <folder>] [--attach <address>]
 */
import { app } from 'electron';
import { parseDesktopArguments } from './desktop/arguments.ts';
import { runDesktop } from './desktop/desktop.ts';
import { messageOf } from '../shared/errors.ts';

// 4 of Electron's security checklist: no process of a page is without its sandbox, whatever a window asks for.
app.enableSandbox();
try {
  runDesktop(parseDesktopArguments(process.argv.slice(1)));
} catch (error) {
  console.error(messageOf(error));
  app.exit(2);
}
