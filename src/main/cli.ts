import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from './commands/command.ts';
import { InputError } from '../shared/errors.ts';

/** Commands by name. Each is loaded only when it is asked for, so the program starts fast. */
export const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map<string, () => Promise<Command>>([
  ['studio', () => import('./commands/studio.ts')],
  ['demo', () => import('./commands/demo.ts')],
  ['doctor', () => import('./commands/doctor.ts')],
  ['data', () => import('./commands/data.ts')],
  ['model', () => import('./commands/model.ts')],
  ['train', () => import('./commands/train.ts')],
  ['evaluate', () => import('./commands/evaluate.ts')],
  ['study', () => import('./commands/study.ts')],
  ['ask', () => import('./commands/ask.ts')],
  ['export', () => import('./commands/export.ts')],
  ['verify', () => import('./commands/verify.ts')],
  ['experiment', () => import('./commands/experiment.ts')],
  ['report', () => import('./commands/report.ts')],
  ['bench', () => import('./commands/bench.ts')],
]);

/** What a shell expects of a program that was called wrongly. */
const USAGE_ERROR = 2;

/** The overview: one line for each command. */
export async function helpText(): Promise<string> {
  const width = Math.max(...[...COMMANDS.keys()].map((name) => name.length));
  const rows = [...COMMANDS].map(async ([name, load]) => `  ${name.padEnd(width)}  ${(await load()).summary}`);
  return `Usage: llavolta <command> [options]\n\n${(await Promise.all(rows)).join('\n')}\n\nllavolta <command> --help says more.\n`;
}

async function runCommand(name: string, argv: string[]): Promise<number> {
  const load = COMMANDS.get(name);
  if (!load) {
    const known = [...COMMANDS.keys()].join(', ');
    throw new InputError({
      field: 'command',
      value: name,
      rule: `must be one of ${known}`,
      hint: 'llavolta --help lists them',
    });
  }
  const command = await load();
  if (argv.some((argument) => argument === '--help' || argument === '-h')) {
    process.stdout.write(`${command.summary}\n\n${command.usage.trim()}\n`);
    return 0;
  }
  return command.run(argv);
}

/** True for the errors that `node:util`'s parseArgs throws about the arguments themselves. */
function isArgumentError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

/** Runs the program with the arguments after its name and resolves to the exit code. Wrong input prints one line, faults of ours a trace. */
export async function main(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  try {
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      process.stdout.write(await helpText());
      return name === undefined ? USAGE_ERROR : 0;
    }
    return await runCommand(name, rest);
  } catch (error) {
    if (!(error instanceof InputError) && !isArgumentError(error)) throw error;
    process.stderr.write(`llavolta: ${error.message}\n`);
    return USAGE_ERROR;
  }
}

const startedAs = process.argv[1];
if (startedAs !== undefined && realpathSync(startedAs) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
