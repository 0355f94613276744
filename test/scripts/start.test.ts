import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import typescript from 'typescript';
import { describe, expect, it } from 'vitest';
import { compileModule, isStale } from '../../scripts/setup/build-app.mjs';
import { findElectron, provideElectron, windowObstacle } from '../../scripts/setup/electron.mjs';
import { browserCommand } from '../../scripts/setup/open-browser.mjs';
import { parseStartArguments } from '../../scripts/setup/start-arguments.mjs';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describe('parseStartArguments', () => {
  it.each([
    [[], { mode: 'window', studio: [] }],
    [['--serve'], { mode: 'serve', studio: [] }],
    [['--serve', '--port', '7860'], { mode: 'serve', studio: ['--port', '7860'] }],
    [['--browser'], { mode: 'browser' }],
    [['--root', '/data'], { mode: 'browser', studio: ['--root', '/data'] }],
    [['--workspace', '/w'], { mode: 'window', workspace: '/w', studio: ['--workspace', '/w'] }],
    [['--attach', 'http://127.0.0.1:1/'], { mode: 'window', attach: 'http://127.0.0.1:1/' }],
  ])('understands %j', (argv, expected) => {
    expect(parseStartArguments(argv)).toMatchObject(expected);
  });

  it.each([[['--sreve']], [['--port']], [['--attach', 'http://127.0.0.1:1/', '--serve']], [['here']]])(
    'refuses %j',
    (argv) => {
      expect(() => parseStartArguments(argv)).toThrow();
    },
  );
});

describe('windowObstacle', () => {
  it.each([
    ['linux', {}, false, 'there is no display'],
    ['linux', { DISPLAY: ':0' }, true, 'Electron does not run as root'],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, false, undefined],
    ['darwin', {}, false, undefined],
  ] as const)('on %s with %j', (platform, env, isRoot, expected) => {
    expect(windowObstacle({ platform, env, isRoot })).toBe(expected);
  });
});

describe('browserCommand', () => {
  const url = 'http://127.0.0.1:1/?a=1&b=2';

  it.each([
    ['darwin', {}, 'open'],
    ['win32', {}, 'rundll32'],
    ['linux', { DISPLAY: ':0' }, 'xdg-open'],
    ['linux', {}, undefined],
  ] as const)('on %s with %j', (platform, env, command) => {
    const found = browserCommand(url, { platform, env });
    expect(found?.command).toBe(command);
    if (found) expect(found.args.at(-1)).toBe(url);
  });
});

/** A project with an Electron package whose installer does as it is told. */
function projectWithElectron(installer: string): string {
  const project = temporaryFolder();
  const folder = join(project, 'node_modules', 'electron');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'install.js'), installer);
  return project;
}

describe('provideElectron', () => {
  it('fetches the program by its own installer', async () => {
    const project = projectWithElectron(`
      const { mkdirSync, writeFileSync } = require('node:fs');
      mkdirSync(__dirname + '/dist');
      writeFileSync(__dirname + '/dist/electron', '');
      writeFileSync(__dirname + '/path.txt', 'electron');
    `);
    expect(findElectron(project, {})).toBeUndefined();
    const program = join(project, 'node_modules', 'electron', 'dist', 'electron');
    await expect(provideElectron(project, temporaryFolder())).resolves.toBe(program);
  });

  it('goes without after a download that failed, and does not try again at once', async () => {
    const project = projectWithElectron(`
      require('node:fs').appendFileSync(__dirname + '/tries', 'x');
      process.exit(1);
    `);
    const cache = temporaryFolder();
    await expect(provideElectron(project, cache)).resolves.toBeUndefined();
    await expect(provideElectron(project, cache)).resolves.toBeUndefined();
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(join(project, 'node_modules', 'electron', 'tries'), 'utf8')).toBe('x');
  });
});

describe('isStale', () => {
  it('holds a result that is missing, or older than any of its sources, for stale', () => {
    const project = temporaryFolder();
    mkdirSync(join(project, 'src', 'deep'), { recursive: true });
    const source = join(project, 'src', 'deep', 'a.ts');
    writeFileSync(source, '');
    expect(isStale(project, 'out.js', ['src'])).toBe(true);
    writeFileSync(join(project, 'out.js'), '');
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(project, 'out.js'), later, later);
    expect(isStale(project, 'out.js', ['src', 'missing'])).toBe(false);
    const latest = new Date(Date.now() + 120_000);
    utimesSync(source, latest, latest);
    expect(isStale(project, 'out.js', ['src'])).toBe(true);
  });
});

describe('compileModule', () => {
  it('leads imports and addresses of programs alike to the compiled neighbour', () => {
    const compiled = compileModule(
      typescript,
      `import { a } from './a.ts';
       import type { T } from './t.ts';
       export const later = (): Promise<unknown> => import('./b.ts');
       export const program: URL = new URL('../engine/entry.ts', import.meta.url);
       export const data = new URL('../x.yaml', import.meta.url), text: T = a('entry.ts');`,
    );
    expect(compiled).toMatch(/from ["']\.\/a\.js["']/);
    expect(compiled).toMatch(/import\(["']\.\/b\.js["']\)/);
    expect(compiled).toContain("new URL('../engine/entry.js', import.meta.url)");
    expect(compiled).toContain("a('entry.ts')");
    expect(compiled).toContain("'../x.yaml'");
    expect(compiled).not.toContain('t.ts');
  });
});
