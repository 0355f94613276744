import { EventEmitter } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type * as Electron from 'electron';
import type { ProcessExit } from '../../../src/main/studio/exit-reason.ts';
import { startProgram, type Program, type ProgramListener } from '../../../src/main/studio/program.ts';
import { exitOfUtility, startUtilityProgram } from '../../../src/main/studio/utility-program.ts';
import { standInUtilityProcess } from '../../helpers/stand-in-utility-process.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

/** Says `ready`, doubles numbers it is sent, and leaves with code 3 when told to stop: only its channel tells what it is run by. */
const DOUBLER = `
  process.on('message', (message) => {
    if (message !== 'stop') return process.send({ double: message.value * 2, bytes: message.bytes });
    process.stderr.write('leaving');
    process.send('last', undefined, undefined, () => process.exit(3));
  });
  process.send({ ready: process.connected });
`;

function doubler(): string {
  const file = join(temporaryFolder(), 'doubler.mjs');
  writeFileSync(file, DOUBLER);
  return file;
}

type Start = (file: string, listener: ProgramListener, args?: readonly string[]) => Program;

/** Everything a program said, and how it ended. */
function converse(start: Start): Promise<{ messages: unknown[]; exit: ProcessExit }> {
  return new Promise((resolve) => {
    const messages: unknown[] = [];
    const program = start(doubler(), {
      onMessage: (message) => {
        messages.push(message);
        if (messages.length === 1) program.send({ value: 21, bytes: new Uint8Array([1, 2]) });
        if (messages.length === 2) program.send('stop');
      },
      onExit: (exit) => resolve({ messages, exit }),
    });
  });
}

describe.each<[string, Start]>([
  ['a Node process', startProgram],
  [
    'a utility process',
    (file, listener, args = []) => startUtilityProgram(file, listener, args, standInUtilityProcess),
  ],
])('a program in %s', (_name, start) => {
  it('is heard and told over the same channel, up to its last message', async () => {
    const { messages, exit } = await converse(start);
    expect(messages).toEqual([{ ready: true }, { double: 42, bytes: new Uint8Array([1, 2]) }, 'last']);
    expect(exit).toMatchObject({ code: 3, signal: null, stderr: 'leaving' });
  });

  it('finds its arguments, and leaves by itself when it is done and listens to nobody', async () => {
    const file = join(temporaryFolder(), 'echo.mjs');
    writeFileSync(file, `process.send(process.argv.slice(1));`);
    const messages: unknown[] = [];
    const exit = await new Promise<ProcessExit>((resolve) => {
      start(file, { onMessage: (message) => void messages.push(message), onExit: resolve }, ['a', '{"b":1}']);
    });
    expect(messages).toEqual([[file, 'a', '{"b":1}']]);
    expect(exit.code).toBe(0);
  });
});

describe('a program that is killed', () => {
  it('dies by SIGKILL as a Node process', async () => {
    const exit = await new Promise<ProcessExit>((resolve) => {
      const program = startProgram(doubler(), { onMessage: () => program.kill(), onExit: resolve });
    });
    expect(exit).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('is killed as soon as there is a process to kill, where Electron has not started it yet', () => {
    const child = Object.assign(new EventEmitter(), {
      pid: undefined as number | undefined,
      stdout: null,
      stderr: null,
    });
    const fork = () => child as unknown as Electron.UtilityProcess;
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
    const program = startUtilityProgram('/x.js', { onMessage: () => undefined, onExit: () => undefined }, [], { fork });
    program.kill();
    expect(kill).not.toHaveBeenCalled();
    child.pid = 4242;
    child.emit('spawn');
    expect(kill).toHaveBeenCalledWith(4242, 'SIGKILL');
    kill.mockRestore();
  });
});

describe('exitOfUtility', () => {
  it.each([
    [0, 'linux', { code: 0, signal: null }],
    [1, 'linux', { code: 1, signal: null }],
    [9, 'linux', { code: null, signal: 'SIGKILL' }],
    [11, 'darwin', { code: null, signal: 'SIGSEGV' }],
    [9, 'win32', { code: 9, signal: null }],
  ] as const)('reads code %i on %s', (code, platform, expected) => {
    expect(exitOfUtility(code, platform)).toEqual(expected);
  });
});
