import { describe, expect, it } from 'vitest';
import {
  externalLinkDecision,
  isAllowedNavigation,
  isAllowedPermission,
  isAllowedRequest,
  isTrustedSender,
} from '../../../src/main/desktop/guards.ts';

const ORIGIN = 'http://127.0.0.1:41234';

/** Addresses that look like the studio's, or lead out of it. */
const FOREIGN = [
  'http://127.0.0.1:41235/',
  'http://127.0.0.1:41234@evil.example/',
  'http://127.0.0.1.evil.example:41234/',
  'https://127.0.0.1:41234/',
  'http://localhost:41234/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'about:blank',
  'not an address',
  '',
];

describe('isAllowedNavigation', () => {
  it.each([`${ORIGIN}/`, `${ORIGIN}/#/runs/a`, `${ORIGIN}/?token=x`])('lets the page go to %s', (address) => {
    expect(isAllowedNavigation(address, ORIGIN)).toBe(true);
  });

  it.each([...FOREIGN, 'data:text/html,<script>', `blob:${ORIGIN}/1`])('keeps the page from %s', (address) => {
    expect(isAllowedNavigation(address, ORIGIN)).toBe(false);
  });
});

describe('isAllowedRequest', () => {
  it.each([`${ORIGIN}/api/runs`, `blob:${ORIGIN}/0b1f`, 'data:image/png;base64,AA=='])('lets %s through', (address) => {
    expect(isAllowedRequest(address, ORIGIN)).toBe(true);
  });

  it.each([...FOREIGN, 'blob:https://evil.example/1', 'wss://127.0.0.1:41234/', 'https://fonts.example/a.woff2'])(
    'stops %s',
    (address) => expect(isAllowedRequest(address, ORIGIN)).toBe(false),
  );
});

describe('isAllowedPermission', () => {
  it('lets the page copy', () => {
    expect(isAllowedPermission('clipboard-sanitized-write', `${ORIGIN}/`, ORIGIN)).toBe(true);
  });

  it.each(['media', 'geolocation', 'notifications', 'clipboard-read', 'fileSystem', 'openExternal', 'usb', 'unknown'])(
    'denies %s',
    (permission) => expect(isAllowedPermission(permission, `${ORIGIN}/`, ORIGIN)).toBe(false),
  );

  it.each(FOREIGN)('grants nothing to %s', (address) => {
    expect(isAllowedPermission('clipboard-sanitized-write', address, ORIGIN)).toBe(false);
  });
});

describe('isTrustedSender', () => {
  const page = { url: `${ORIGIN}/#/data`, parent: null };

  it('hears the page, and neither frames in it, nor other pages, nor a frame that has gone', () => {
    expect(isTrustedSender(page, ORIGIN)).toBe(true);
    expect(isTrustedSender({ ...page, parent: page }, ORIGIN)).toBe(false);
    expect(isTrustedSender({ ...page, url: 'https://evil.example/' }, ORIGIN)).toBe(false);
    expect(isTrustedSender(null, ORIGIN)).toBe(false);
  });
});

describe('externalLinkDecision', () => {
  it('asks about https, and shows the host that is really meant', () => {
    const address = 'https://arxiv.org/abs/2406.20092';
    expect(externalLinkDecision(address)).toEqual({ type: 'ask', href: address, host: 'arxiv.org' });
    // A Cyrillic letter in place of the first one.
    expect(externalLinkDecision('https://аrxiv.org/')).toMatchObject({ type: 'ask', host: 'xn--rxiv-43d.org' });
  });

  it.each([
    'http://example.org/',
    'file:///bin/sh',
    'smb://host/share',
    'ms-msdt:/id',
    'javascript:alert(1)',
    'https://arxiv.org@evil.example/',
    `https://example.org/${'a'.repeat(1000)}`,
    'nonsense',
  ])('refuses %s', (address) => {
    expect(externalLinkDecision(address)).toEqual({ type: 'refuse' });
  });
});
