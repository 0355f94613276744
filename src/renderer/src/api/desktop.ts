import { DESKTOP_API, type DesktopApi } from '../../../shared/desktop-api.ts';

declare global {
  interface Window {
    readonly [DESKTOP_API]?: DesktopApi;
  }
}

/** What the desktop window adds to the page; undefined in a browser. */
export const desktop = (): DesktopApi | undefined => window[DESKTOP_API];
