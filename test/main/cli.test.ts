import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/main/cli.ts';
import { ENGINE_EXEC_ARGV } from '../../src/main/studio/engine-environment.ts';

const CLI = fileURLToPath(new URL('../../src/main/cli.ts', import.meta.url));

/** Runs the program as a user does. */
function llavolta(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...ENGINE_EXEC_ARGV, CLI, ...args], { encoding: 'utf8' });
}

describe('llavolta', () => {
  it('lists all commands', () => {
    const { status, stdout } = llavolta('--help');
    expect(status).toBe(0);
    for (const name of COMMANDS.keys()) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  });

  it('names the known commands when it is given an unknown one', () => {
    const { status, stdout, stderr } = llavolta('docter');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/command: must be one of .*doctor.*"docter"/);
  });

  it('refuses unknown options in one line', () => {
    const { status, stderr } = llavolta('doctor', '--jsno');
    expect(status).toBe(2);
    expect(stderr).toMatch(/^llavolta: Unknown option '--jsno'/);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('explains a command without running it', () => {
    const { status, stdout } = llavolta('doctor', '--help');
    expect(status).toBe(0);
    expect(stdout).toContain('Usage: llavolta doctor [--json]');
  });
});
