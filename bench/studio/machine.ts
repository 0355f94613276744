/** What the figures were measured on, and with. */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem, type as systemName, release } from 'node:os';
import manifest from '../../package.json' with { type: 'json' };
import { openBrowser } from './browser.ts';
import { shown } from './section.ts';

async function chromiumVersion(): Promise<string> {
  const browser = await openBrowser();
  try {
    return browser.version();
  } finally {
    await browser.close();
  }
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** Machine, versions and command, as Markdown. */
export async function machineMarkdown(command: string): Promise<string> {
  const processors = cpus();
  const rows = [
    ['processor', `${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores`],
    ['memory', `${shown(totalmem() / 1e9)} GB`],
    ['system', `${systemName()} ${release()}`],
    ['Node', process.version],
    ['Chromium', `${await chromiumVersion()}, without a window, drawn by the processor`],
    ['LLaVolta Studio', `${manifest.version} (${commit()})`],
    ['load of the last 15 minutes, the measurement included', shown(loadavg()[2] ?? NaN, 1)],
    ['command', `\`${command}\``],
  ];
  const lines = rows.map((row) => `| ${row.join(' | ')} |`);
  return ['## Machine', '', '|  | value |', '| --- | --- |', ...lines, ''].join('\n');
}
