import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { expect, it } from 'vitest';
import { rendererConfig } from '../../vite.config.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

it('builds a page that its policy allows: nothing inline, nothing remote', async () => {
  const outDir = temporaryFolder();
  await build({ ...rendererConfig, configFile: false, logLevel: 'error', build: { ...rendererConfig.build, outDir } });
  const page = readFileSync(join(outDir, 'index.html'), 'utf8');
  expect(page).toMatch(/<script type="module" crossorigin src="\/assets\/[^"]+\.js"><\/script>/);
  expect(page).not.toMatch(/<script(?![^>]*\ssrc=)/);
  expect(page).not.toMatch(/<style|\sstyle=|\son\w+=/);
  expect(page).not.toMatch(/https?:\/\//);
  const styles = readdirSync(join(outDir, 'assets')).filter((name) => name.endsWith('.css'));
  expect(styles.length).toBeGreaterThan(0);
  for (const name of styles)
    expect(readFileSync(join(outDir, 'assets', name), 'utf8')).not.toMatch(/url\(["']?https?:/);
}, 600_000);
