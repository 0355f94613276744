/** What the page may do, decided without Electron: pure functions that the shell asks. Numbers are those of Electron's security checklist. */

/** Whether an address is one of this very machine. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function parsed(address: string): URL | undefined {
  return URL.canParse(address) ? new URL(address) : undefined;
}

/**
 * Whether the window, or a frame in it, may go to an address: inside the studio only (13).
 *
 * @param origin the studio's, such as `http://127.0.0.1:41234`
 */
export function isAllowedNavigation(address: string, origin: string): boolean {
  const url = parsed(address);
  // A `blob:` address has its maker's origin too, but nothing of ours is ever shown as a page of its own.
  return url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.origin === origin;
}

/** Whether the page may fetch an address at all: it works offline, so there is nothing to fetch elsewhere. */
export function isAllowedRequest(address: string, origin: string): boolean {
  const url = parsed(address);
  if (!url) return false;
  if (url.protocol === 'data:' || url.protocol === 'devtools:') return true;
  return ['http:', 'https:', 'blob:'].includes(url.protocol) && url.origin === origin;
}

/** Copying text and images out is all that a page of ours asks for (5). Pasting into it needs no permission. */
const PERMISSIONS: ReadonlySet<string> = new Set(['clipboard-sanitized-write']);

/** Whether a permission is granted, and to whom (5). */
export function isAllowedPermission(permission: string, requestingAddress: string, origin: string): boolean {
  return PERMISSIONS.has(permission) && parsed(requestingAddress)?.origin === origin;
}

/** A frame that sends a message, as Electron tells of it. */
export interface SenderFrame {
  readonly url: string;
  readonly parent: unknown;
}

/** Whether a message comes from the studio's own page and not from a frame in it (17). The frame is null once it has gone. */
export function isTrustedSender(frame: SenderFrame | null, origin: string): boolean {
  return frame !== null && frame.parent === null && isAllowedNavigation(frame.url, origin);
}

export type ExternalLink =
  { readonly type: 'ask'; readonly href: string; readonly host: string } | { readonly type: 'refuse' };

/** Longer addresses cannot be read in a dialog, which is what the question is for. */
const MAX_ADDRESS = 500;

/**
 * Whether a link to elsewhere may be offered to the system's browser (15). Only https: other schemes start programs, and an address with
 * a user name in it is made to look like another. The host is shown as it is resolved (punycode), not as it looks.
 */
export function externalLinkDecision(address: string): ExternalLink {
  const url = parsed(address);
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '') return { type: 'refuse' };
  if (url.href.length > MAX_ADDRESS) return { type: 'refuse' };
  return { type: 'ask', href: url.href, host: url.host };
}
