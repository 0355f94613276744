import { fork } from 'node:child_process';
import { ENGINE_EXEC_ARGV, engineEnvironment } from './engine-environment.ts';
import { TextTail } from './text-tail.ts';
import type { Program, ProgramListener } from './program.ts';

/**
 * Starts a program as a Node process. It leaves by itself when this process is gone: the channel between them closes then.
 *
 * @param node the Node to run it with; the one that runs this process unless said otherwise
 */
export function startNodeProgram(
  file: string,
  listener: ProgramListener,
  args: readonly string[],
  node = process.execPath,
): Program {
  const child = fork(file, [...args], {
    execPath: node,
    env: engineEnvironment(),
    execArgv: [...ENGINE_EXEC_ARGV],
    serialization: 'advanced',
    // Whatever a native library prints must not tear a terminal view; the end of it explains a crash.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const printed = new TextTail();
  child.stdout?.on('data', printed.add);
  child.stderr?.on('data', printed.add);
  child.on('message', (message) => listener.onMessage(message));
  child.on('error', (error) => printed.add(`\n${error.message}`));
  // 'close' comes after 'exit', when the outputs have been read to their ends.
  child.on('close', (code, signal) => listener.onExit({ code, signal, stderr: printed.text }));
  return {
    get pid() {
      return child.pid;
    },
    send: (message) => {
      if (child.connected) child.send(message as object, () => undefined);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}
