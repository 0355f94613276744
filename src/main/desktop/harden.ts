/** Puts the guards in the way of the page. Numbers are those of Electron's security checklist. */
import type { Session, WebContents } from 'electron';
import { isAllowedNavigation, isAllowedPermission, isAllowedRequest } from './guards.ts';

/** Gives a session nothing but the studio at `origin`: no permission, no device and no request elsewhere. */
export function hardenSession(session: Session, origin: string): void {
  // 5: Electron grants everything unless told otherwise.
  session.setPermissionRequestHandler((contents, permission, answer, { requestingUrl }) => {
    answer(isAllowedPermission(permission, requestingUrl ?? contents.getURL(), origin));
  });
  session.setPermissionCheckHandler((_contents, permission, requestingOrigin) =>
    isAllowedPermission(permission, requestingOrigin, origin),
  );
  session.setDevicePermissionHandler(() => false);
  // The server's content policy (7) says the same; here it holds even if a header is lost.
  session.webRequest.onBeforeRequest(({ url }, answer) => answer({ cancel: !isAllowedRequest(url, origin) }));
  session.on('will-download', (event, item) => {
    if (!isAllowedRequest(item.getURL(), origin)) event.preventDefault();
  });
}

/**
 * Keeps a page where it is.
 *
 * @param onLink what to do with a link that leads elsewhere
 */
export function hardenContents(contents: WebContents, origin: string, onLink: (address: string) => void): void {
  // 13: in the window as in frames, by the page's wish as by a server's redirection.
  contents.on('will-frame-navigate', (event) => {
    if (isAllowedNavigation(event.url, origin)) return;
    event.preventDefault();
    if (event.isMainFrame) onLink(event.url);
  });
  contents.on('will-redirect', (event) => {
    if (!isAllowedNavigation(event.url, origin)) event.preventDefault();
  });
  // 14: one window; a link that wants another one is a link to elsewhere.
  contents.setWindowOpenHandler(({ url }) => {
    onLink(url);
    return { action: 'deny' };
  });
  // 11 and 12: no <webview>, with whatever options.
  contents.on('will-attach-webview', (event) => event.preventDefault());
}
