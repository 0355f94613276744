/** Which requests are refused before anything is looked at: those that other sites or other names make, and odd paths. */
import type { IncomingHttpHeaders } from 'node:http';
import { RequestError } from '../request-error.ts';

const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** The name in a Host header, without its port and in small letters; undefined where it is none. */
function hostName(host: string | undefined): string | undefined {
  const [, name] = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(host ?? '') ?? [];
  return name?.toLowerCase();
}

const refused = (cause: string): RequestError =>
  new RequestError(403, cause, 'Open the studio by the address that it printed');

/**
 * A page of another site can make a browser ask this server under a name of its own (DNS rebinding). Its Host header
 * gives it away. The port is not looked at: a tunnel (`ssh -L`) may use another one.
 */
function checkHost(host: string | undefined, allowed: readonly string[]): void {
  const name = hostName(host);
  if (name === undefined || ![...LOOPBACK_NAMES, ...allowed].includes(name)) {
    throw refused(`The Host header ${JSON.stringify(host ?? '')} is not an address of this studio`);
  }
}

/** Browsers say where a request comes from; only pages of this studio may make one. Other programs say nothing. */
function checkOrigin(headers: IncomingHttpHeaders): void {
  const { origin, host } = headers;
  if (origin !== undefined && origin !== `http://${host ?? ''}`) {
    throw refused(`The request comes from another site (Origin ${JSON.stringify(origin)})`);
  }
}

function checkSite(method: string, headers: IncomingHttpHeaders): void {
  const site = headers['sec-fetch-site'];
  // `none`: somebody opened the address, which only reads.
  const isOwn = site === undefined || site === 'same-origin' || (site === 'none' && method === 'GET');
  if (!isOwn) throw refused(`The request comes from another site (Sec-Fetch-Site ${JSON.stringify(site)})`);
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'];

/** Paths that name anything but a place below: dots, NUL and backslashes, written out or encoded. */
const ODD_PATH = /\0|\\|%00|%5c|%2f|(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i;

function isEncoded(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Refuses what no page of this studio would send.
 *
 * @param url as it came, before anything has tidied it up
 * @param allowedHosts names besides those of this machine alone
 * @throws RequestError
 */
export function checkRequest(
  { method = 'GET', url = '/', headers }: { method?: string; url?: string; headers: IncomingHttpHeaders },
  allowedHosts: readonly string[],
): void {
  checkHost(headers.host, allowedHosts);
  checkOrigin(headers);
  checkSite(method, headers);
  if (!METHODS.includes(method))
    throw new RequestError(400, `The method ${method} is not used here`, 'Use GET or POST');
  const [path = '/'] = url.split(/[?#]/);
  if (!path.startsWith('/') || ODD_PATH.test(path) || !isEncoded(path)) {
    throw new RequestError(400, 'The path of the request is not one of this studio', 'Open the studio by its address');
  }
}
