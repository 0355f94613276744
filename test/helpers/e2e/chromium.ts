/** A real Chromium for end-to-end tests, each time with a fresh profile. */
import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

const PROGRAMS = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

/** Chromium's program; undefined where none is found. */
export const CHROMIUM = PROGRAMS.find((path) => path !== undefined && existsSync(path));

/** Why there is no browser to test with; undefined where there is one. */
export const BROWSER_OBSTACLE =
  CHROMIUM === undefined ? 'no Chromium was found (the variable CHROMIUM names one elsewhere)' : undefined;

/** Nothing that Chromium does by itself may look like a request of the page. */
const QUIET = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox', ...QUIET] });
}
