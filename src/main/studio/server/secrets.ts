import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const BYTES = 32;

/** A secret of 32 random bytes, as text for addresses and cookies. */
export const newSecret = (): string => randomBytes(BYTES).toString('base64url');

/** Compares in a time that tells nothing about where two texts differ, nor about the length of the secret. */
export function isSame(given: string, secret: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}

/**
 * Who may use the studio: a browser that shows a one-time token gets a session, and the token is used up. Another token
 * can be made for another browser.
 */
export class Admission {
  private readonly tokens = new Set<string>();
  private readonly sessions = new Set<string>();

  /** A token that opens one session. */
  newToken(): string {
    const token = newSecret();
    this.tokens.add(token);
    return token;
  }

  /** The secret of a new session; undefined where the token was never given out or is used up. */
  exchange(given: string): string | undefined {
    // All tokens are compared, so that the time does not tell which one was close.
    const found = [...this.tokens].filter((token) => isSame(given, token));
    const [token] = found;
    if (token === undefined) return undefined;
    this.tokens.delete(token);
    const session = newSecret();
    this.sessions.add(session);
    return session;
  }

  isSession(given: string): boolean {
    return [...this.sessions].filter((session) => isSame(given, session)).length > 0;
  }
}
