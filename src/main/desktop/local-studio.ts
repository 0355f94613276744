import { join } from 'node:path';
import { app, powerMonitor, powerSaveBlocker, type BrowserWindow } from 'electron';
import { FILE_SYSTEM_ROOT, type DesktopArguments } from './arguments.ts';
import { CloseGuard } from './close-guard.ts';
import { confirmStop } from './dialogs.ts';
import { keepAwakeWhile } from './keep-awake.ts';
import { openWindow } from './window.ts';

/** Only this machine can reach it, at a port that the system picks. */
const LOOPBACK = { host: '127.0.0.1', port: 0 };

/** Starts a studio in this process and opens the window on it. Its end, by whatever way, is the end of the app. */
export async function openLocalStudio({ workspace }: DesktopArguments): Promise<BrowserWindow> {
  // Here and not above: a window that is attached elsewhere needs no server.
  const { serve } = await import('../serve.ts');
  const studio = await serve({
    ...LOOPBACK,
    workspace: workspace ?? join(app.getPath('documents'), 'LLaVolta Studio'),
    root: FILE_SYSTEM_ROOT,
    folderDialogs: 'native',
  });
  const window = openWindow({ url: studio.url, isLocal: true });
  const sleepAgain = keepAwakeWhile(() => studio.isTraining(), powerSaveBlocker);
  const guard = new CloseGuard({
    isTraining: () => studio.isTraining(),
    confirm: () => confirmStop(window),
    onSaving: () => showSaving(window),
    stop: () => studio.close(),
    leave: () => {
      sleepAgain();
      window.destroy();
      app.quit();
    },
  });
  window.on('close', (event) => {
    event.preventDefault();
    void guard.request();
  });
  // Nobody is there to answer a question when the system goes down (Linux and macOS tell in time).
  powerMonitor.on('shutdown', (event?: { preventDefault(): void }) => {
    event?.preventDefault();
    void guard.stop();
  });
  return window;
}

function showSaving(window: BrowserWindow): void {
  const endless = 2;
  window.setProgressBar(endless);
  window.on('page-title-updated', (event) => event.preventDefault());
  window.setTitle('Saving the training… — LLaVolta Studio');
}
