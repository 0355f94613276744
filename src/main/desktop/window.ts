import { fileURLToPath } from 'node:url';
import { BrowserWindow, nativeTheme, session } from 'electron';
import { CHOOSE_FOLDER_CHANNEL } from '../../shared/desktop-api.ts';
import { askToReload, chooseFolder, offerExternalLink } from './dialogs.ts';
import { isTrustedSender } from './guards.ts';
import { hardenContents, hardenSession } from './harden.ts';

const PRELOAD = fileURLToPath(new URL('./preload.cjs', import.meta.url));

/** Shown until the page has drawn itself: near its own, so that nothing flashes. */
const BACKGROUND = { dark: '#111318', light: '#f7f8fa' };

/** Chromium's code for a page that was left before it had loaded. */
const ABORTED = -3;

export interface StudioPage {
  /** Address with its one-time token, if it has one. */
  readonly url: string;
  /** Whether paths of this machine mean anything to the studio, so that the folder dialog is of use. */
  readonly isLocal: boolean;
}

let sessions = 0;

function createWindow({ isLocal }: StudioPage): BrowserWindow {
  return new BrowserWindow({
    title: 'LLaVolta Studio',
    width: 1440,
    height: 900,
    minWidth: 960,
    minHeight: 640,
    show: false,
    backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
    webPreferences: {
      // 2, 3, 4: the page is a web page and nothing more. These are Electron's defaults; they are written out as they carry the rest.
      nodeIntegration: false,
      contextIsolation: true,
      sandbox: true,
      // 6, 8, 9, 10: webSecurity stays on; insecure content, experimental and Blink features stay off: defaults that nothing here touches.
      // In memory: the session's cookie is not written to disk and ends with the window.
      session: session.fromPartition(`studio-${String(++sessions)}`),
      // Electron would fetch its dictionaries from the network.
      spellcheck: false,
      ...(isLocal ? { preload: PRELOAD } : {}),
    },
  });
}

/** The folder dialog, for the page itself and nothing else (17). */
function answerPage(window: BrowserWindow, origin: string): void {
  window.webContents.ipc.handle(CHOOSE_FOLDER_CHANNEL, ({ senderFrame }) => {
    if (!isTrustedSender(senderFrame, origin)) throw new Error('this page may not ask for folders');
    return chooseFolder(window);
  });
}

/** A page that does not load, or whose process is gone, is offered again. */
function watchPage(window: BrowserWindow, url: string): void {
  const offer = async (cause: string, whatToDo: string): Promise<void> => {
    window.show();
    if (await askToReload(window, cause, whatToDo)) window.webContents.reload();
    else window.close();
  };
  window.webContents.on('did-fail-load', (_event, code, description, _failedUrl, isMainFrame) => {
    if (!isMainFrame || code === ABORTED) return;
    const { host } = new URL(url);
    void offer(`The studio at ${host} does not answer (${description}).`, 'Is it running? Look at its terminal.');
  });
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return;
    void offer(`The page has stopped working (${reason}).`, 'The studio itself goes on, and so does a training.');
  });
}

/** Opens the window on a studio. */
export function openWindow(page: StudioPage): BrowserWindow {
  const { origin } = new URL(page.url);
  const window = createWindow(page);
  hardenSession(window.webContents.session, origin);
  hardenContents(window.webContents, origin, (address) => void offerExternalLink(address, window));
  if (page.isLocal) answerPage(window, origin);
  watchPage(window, page.url);
  window.once('ready-to-show', () => window.show());
  // What fails is told by 'did-fail-load'.
  window.loadURL(page.url).catch(() => undefined);
  return window;
}
