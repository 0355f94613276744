import { getConnInfo } from '@hono/node-server/conninfo';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { RequestError } from '../request-error.ts';
import { RateLimiter, SESSION_RATE, STRANGER_RATE } from './rate-limit.ts';
import { checkRequest } from './request-rules.ts';
import type { Admission } from './secrets.ts';

export interface GuardOptions {
  readonly admission: Admission;
  /** Names of Host headers besides those of this machine alone. */
  readonly allowedHosts: readonly string[];
  /** Of the session's cookie: cookies do not tell ports apart, so that each studio has its own. */
  readonly cookie: string;
}

type StudioEnv = { Bindings: HttpBindings };

/** Headers of every answer. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  // Vue's transitions and Chart.js set style attributes; scripts come from files of the studio alone.
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), payment=()',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

const addressOf = (context: Context): string => getConnInfo(context).remote.address ?? '';

/** Puts the headers on whatever is answered, errors included. */
export const securityHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) context.res.headers.set(name, value);
};

const NO_SESSION = new RequestError(
  401,
  'This browser has no session with the studio',
  'Open the address that the studio printed; it can be used once. The terminal prints another on Enter',
);

/**
 * Lets in who shows a session. `/?token=…` exchanges a one-time token for the session's cookie and leads to the same
 * place without it, so that it does not stay in address bar and history.
 */
export function guard({ admission, allowedHosts, cookie }: GuardOptions): MiddlewareHandler<StudioEnv> {
  const strangers = new RateLimiter(STRANGER_RATE);
  const guests = new RateLimiter(SESSION_RATE);
  return async (context, next) => {
    const { incoming } = context.env;
    const session = getCookie(context, cookie);
    const isGuest = session !== undefined && admission.isSession(session);
    if (!(isGuest ? guests : strangers).allows(addressOf(context))) {
      context.header('Retry-After', '1');
      throw new RequestError(429, 'Too many requests', 'Wait a second and try again');
    }
    checkRequest(incoming, allowedHosts);
    const token = context.req.path === '/' ? context.req.query('token') : undefined;
    if (token !== undefined) {
      const opened = admission.exchange(token);
      if (opened === undefined && !isGuest) throw NO_SESSION;
      if (opened !== undefined) setCookie(context, cookie, opened, { httpOnly: true, sameSite: 'Strict', path: '/' });
      return context.redirect('/', 303);
    }
    if (!isGuest) throw NO_SESSION;
    return next();
  };
}
