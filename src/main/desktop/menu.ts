import { Menu, type MenuItemConstructorOptions } from 'electron';
import { offerExternalLink } from './dialogs.ts';

const PAPER = 'https://arxiv.org/abs/2406.20092';

/**
 * The menu as data. Cut, copy and paste are in it since macOS gives a window without them no such keys.
 *
 * @param isPackaged an installed app shows no developer tools
 */
function menuTemplate(platform: NodeJS.Platform, isPackaged: boolean): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin';
  const developer: MenuItemConstructorOptions[] = isPackaged ? [] : [{ type: 'separator' }, { role: 'toggleDevTools' }];
  const view: MenuItemConstructorOptions[] = [
    { role: 'reload' },
    { type: 'separator' },
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { role: 'togglefullscreen' },
    ...developer,
  ];
  return [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    { label: 'File', submenu: [isMac ? { role: 'close' } : { role: 'quit' }] },
    { role: 'editMenu' },
    { label: 'View', submenu: view },
    { role: 'windowMenu' },
    { role: 'help', submenu: [{ label: 'The LLaVolta Paper', click: () => void offerExternalLink(PAPER) }] },
  ];
}

/** Puts the menu in place. */
export function setUpMenu(isPackaged: boolean): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, isPackaged)));
}
