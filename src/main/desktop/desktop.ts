import { app, type BrowserWindow } from 'electron';
import { desktopArgumentsSchema, type DesktopArguments } from './arguments.ts';
import { showStartError } from './dialogs.ts';
import { openLocalStudio } from './local-studio.ts';
import { setUpMenu } from './menu.ts';
import { openWindow } from './window.ts';

/** One window per studio: our own has the key `local`, others their origin. Promises, so that two wishes at once open one window. */
const windows = new Map<string, Promise<BrowserWindow>>();

function bringForward(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
}

async function create(wanted: DesktopArguments): Promise<BrowserWindow> {
  return wanted.attach === undefined ? openLocalStudio(wanted) : openWindow({ url: wanted.attach, isLocal: false });
}

/** Opens the window that was asked for, or brings it forward where it is open. */
async function open(wanted: DesktopArguments): Promise<void> {
  const key = wanted.attach === undefined ? 'local' : new URL(wanted.attach).origin;
  const known = windows.get(key);
  if (known) return bringForward(await known);
  const opening = create(wanted);
  windows.set(key, opening);
  try {
    (await opening).once('closed', () => windows.delete(key));
  } catch (error) {
    windows.delete(key);
    throw error;
  }
}

/**
 * Runs the shell. A second start hands its wish to the first one and ends: two studios must not share a workspace.
 *
 * @param wanted how this process was started
 */
export function runDesktop(wanted: DesktopArguments): void {
  if (!app.requestSingleInstanceLock({ ...wanted })) return app.quit();
  // Not awaited at the top of a module: Electron becomes ready only after its first module has run to its end.
  const ready = app.whenReady();
  app.on('second-instance', (_event, _argv, _folder, data) => {
    const other = desktopArgumentsSchema.safeParse(data);
    void ready.then(() => open(other.success ? other.data : {})).catch(showStartError);
  });
  app.on('window-all-closed', () => app.quit());
  void ready.then(() => openFirst(wanted));
}

async function openFirst(wanted: DesktopArguments): Promise<void> {
  setUpMenu(app.isPackaged);
  try {
    await open(wanted);
  } catch (error) {
    showStartError(error);
    app.exit(1);
  }
}
