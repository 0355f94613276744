/** The shell in a real Electron, wherever its program is found; elsewhere these tests are skipped and say why. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../../../scripts/setup/build-app.mjs';
import { findElectron, windowObstacle } from '../../../scripts/setup/electron.mjs';
import { DESKTOP_API } from '../../../src/shared/desktop-api.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/[\\/]$/, '');
const electron = findElectron(PROJECT);
const obstacle =
  electron === undefined
    ? "Electron's program is not there (node node_modules/electron/install.js fetches it)"
    : windowObstacle({ platform: process.platform, env: process.env, isRoot: process.getuid?.() === 0 });
if (obstacle !== undefined) console.warn(`Skipped: the desktop shell. ${obstacle}.`);

/** The environment without what would make Electron a mere Node, or lend it ours: engines run as utility processes, as in an installed app. */
function environment(): Record<string, string> {
  const { ELECTRON_RUN_AS_NODE: _asNode, LLAVOLTA_NODE: _node, NODE_OPTIONS: _options, ...rest } = process.env;
  return Object.fromEntries(Object.entries(rest).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function launch(...args: string[]): Promise<ElectronApplication> {
  const profile = `--user-data-dir=${temporaryFolder()}`;
  return _electron.launch({
    executablePath: electron ?? '',
    args: [buildApp(PROJECT), profile, ...args],
    env: environment(),
  });
}

describe.skipIf(obstacle !== undefined)(
  `the desktop shell${obstacle === undefined ? '' : ` (skipped: ${obstacle})`}`,
  () => {
    describe('attached to a studio elsewhere', () => {
      let server: Server;
      let requests: string[];
      let shell: ElectronApplication;
      let page: Page;

      beforeAll(async () => {
        requests = [];
        server = createServer((request, response) => {
          requests.push(request.url ?? '');
          response.setHeader('content-type', 'text/html').end('<title>elsewhere</title><h1>studio</h1>');
        });
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
        const { port } = server.address() as AddressInfo;
        shell = await launch('--attach', `http://127.0.0.1:${String(port)}/?token=once`);
        page = await shell.firstWindow();
        await page.waitForSelector('h1');
      });
      afterAll(async () => {
        await shell.close();
        server.close();
      });

      it('shows it, with its token, in a page that is a web page and nothing more', async () => {
        expect(requests).toContain('/?token=once');
        const powers = await page.evaluate(
          (api) => [
            typeof Reflect.get(globalThis, 'require'),
            typeof Reflect.get(globalThis, 'process'),
            api in globalThis,
          ],
          DESKTOP_API,
        );
        expect(powers).toEqual(['undefined', 'undefined', false]);
      });

      it('goes nowhere else and opens no window', async () => {
        const address = page.url();
        // Written as text: what runs in the page knows names that this file's types do not.
        await page.evaluate(`void window.open('http://127.0.0.1:9/')`);
        await page.evaluate(`void window.location.assign('http://127.0.0.1:9/')`);
        await page.waitForTimeout(500);
        expect(page.url()).toBe(address);
        expect(shell.windows()).toHaveLength(1);
        await expect(
          page.evaluate(() =>
            fetch('http://127.0.0.1:9/').then(
              () => 'fetched',
              () => 'stopped',
            ),
          ),
        ).resolves.toBe('stopped');
      });

      it('grants no permission', async () => {
        const states = await page.evaluate<string[]>(`Promise.all(
        ['geolocation', 'notifications', 'camera', 'microphone'].map(async (name) => (await navigator.permissions.query({ name })).state),
      )`);
        expect(new Set(states)).toEqual(new Set(['denied']));
      });
    });

    describe('with a studio of its own', () => {
      let shell: ElectronApplication;
      let page: Page;

      beforeAll(async () => {
        shell = await launch('--workspace', temporaryFolder());
        page = await shell.firstWindow();
        await page.waitForLoadState('load');
      });
      afterAll(() => shell.close());

      it('loads it from a loopback port, without the token in the address', async () => {
        await page.waitForURL((url) => url.hostname === '127.0.0.1' && !url.searchParams.has('token'));
        expect(await page.title()).toContain('LLaVolta');
      });

      it('offers the folder dialog and gives the page what was chosen', async () => {
        await shell.evaluate(({ dialog }) => {
          dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: ['/chosen'] });
        });
        const chosen = await page.evaluate(async (name) => {
          const api = Reflect.get(globalThis, name) as { chooseFolder(): Promise<string | null> };
          return api.chooseFolder();
        }, DESKTOP_API);
        expect(chosen).toBe('/chosen');
      });

      it('closes at once where nothing is trained', async () => {
        const closed = shell.waitForEvent('close');
        await shell.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().forEach((window) => window.close()));
        await closed;
      });
    });
  },
);
