/** What the desktop shell adds to the page, as `window.llavoltaDesktop`. A page in a browser, or attached to a studio elsewhere, has none. */
export interface DesktopApi {
  /** Asks for a folder with the system's own dialog. Resolves to its absolute path, or to null where the user chose none. */
  chooseFolder(): Promise<string | null>;
}

/** Name of the API on `window`. */
export const DESKTOP_API = 'llavoltaDesktop';

/** The one message of the page to the shell; `preload.cjs` sends it. */
export const CHOOSE_FOLDER_CHANNEL = 'desktop:choose-folder';
