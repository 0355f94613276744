/** Every question the shell asks by the system's own dialogs, and every word of it. */
import { dialog, shell, type BrowserWindow, type MessageBoxOptions } from 'electron';
import { messageOf } from '../../shared/errors.ts';
import { externalLinkDecision } from './guards.ts';

/** Asks for a folder. Null where the user chose none. */
export async function chooseFolder(window: BrowserWindow): Promise<string | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, {
    title: 'Choose a folder',
    properties: ['openDirectory', 'createDirectory'],
  });
  return canceled ? null : (filePaths[0] ?? null);
}

/** Asks whether to stop the training that runs. */
export async function confirmStop(window: BrowserWindow): Promise<boolean> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'question',
    message: 'A training is running.',
    detail:
      'It can be stopped and saved now, and resumed later from exactly there. Nothing is lost.\n\n' +
      'To let a training go on without a window, start the studio with: npm start -- --serve',
    buttons: ['Stop, save and close', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  return response === 0;
}

let isAskingAboutLink = false;

/**
 * Offers a link to the system's browser, with its address in full; links that may not be offered are ignored. One question at a time: a page
 * must not be able to bury the user in dialogs.
 *
 * @param window whose page has the link, if a page has it
 */
export async function offerExternalLink(address: string, window?: BrowserWindow): Promise<void> {
  const link = externalLinkDecision(address);
  if (link.type === 'refuse' || isAskingAboutLink) return;
  isAskingAboutLink = true;
  const question: MessageBoxOptions = {
    type: 'question',
    message: `Open ${link.host} in your browser?`,
    detail: link.href,
    buttons: ['Open', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  };
  try {
    const answer = window ? dialog.showMessageBox(window, question) : dialog.showMessageBox(question);
    if ((await answer).response === 0) await shell.openExternal(link.href);
  } finally {
    isAskingAboutLink = false;
  }
}

/** Says that the page cannot be shown and asks whether to try again. */
export async function askToReload(window: BrowserWindow, cause: string, whatToDo: string): Promise<boolean> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'error',
    message: cause,
    detail: whatToDo,
    buttons: ['Try again', 'Close'],
    cancelId: 1,
    noLink: true,
  });
  return response === 0;
}

/** Says why there is no studio. */
export function showStartError(error: unknown): void {
  dialog.showErrorBox(
    'LLaVolta Studio cannot start',
    `${messageOf(error)}\n\nIn a terminal, "npm run -s llavolta -- doctor" shows what is missing.`,
  );
}
