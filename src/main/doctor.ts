/** `llavolta doctor`: what this machine has, what is missing and what to do about it. Works without TensorFlow. */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, freemem, homedir, totalmem } from 'node:os';
import { join, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { findCompiler } from '../../scripts/setup/addon.mjs';
import { chosenVariant } from '../../scripts/setup/bootstrap.mjs';
import { cacheFolder, PROJECT_FOLDER } from '../../scripts/setup/engine-plan.mjs';
import { addonIsCurrent, installedAddon, librariesAreReady } from '../../scripts/setup/engine.mjs';
import { formatBytes } from '../../scripts/setup/log.mjs';
import { isSupportedNode, MINIMUM_NODE } from '../../scripts/setup/node-version.mjs';
import { npmCommand } from '../../scripts/setup/packages.mjs';
import { findPython, folderBytes } from '../../scripts/setup/python.mjs';
import { runProcess } from '../../scripts/setup/run-process.mjs';
import type { EngineDiagnosis } from '../shared/engine-report.ts';
import { INSTALL_FFMPEG } from '../shared/ffmpeg.ts';
import { askEngine } from './studio/ask-engine.ts';

/** One line of the examination. */
export interface Finding {
  readonly name: string;
  /** `missing` is needed and not there; `absent` is not there and nothing depends on it now. */
  readonly state: 'ok' | 'missing' | 'absent';
  readonly text: string;
  /** What to do, where something is. */
  readonly remedy?: string;
}

/** What the machine has, apart from TensorFlow itself. */
export interface Tools {
  readonly npm: string | undefined;
  readonly python: string | undefined;
  readonly compiler: string | undefined;
  readonly electron: string | undefined;
  readonly ffmpeg: string | undefined;
}

async function findTools(): Promise<Tools> {
  const npm = npmCommand();
  const npmVersion = await runProcess(npm.command, [...npm.args, '--version'], { shell: npm.shell, timeoutMs: 30_000 });
  return {
    npm: npmVersion.code === 0 ? npmVersion.stdout.trim() : undefined,
    python: (await findPython())?.pip,
    compiler: (await findCompiler())?.version,
    electron: electronVersion(),
    ffmpeg: await ffmpegVersion(),
  };
}

function electronVersion(): string | undefined {
  try {
    const manifest = createRequire(import.meta.url)('electron/package.json') as { version: string };
    return manifest.version;
  } catch {
    return undefined;
  }
}

/** Videos need both programs, which come together. */
async function ffmpegVersion(): Promise<string | undefined> {
  const [ffmpeg, ffprobe] = await Promise.all(
    ['ffmpeg', 'ffprobe'].map((program) => runProcess(program, ['-version'], { timeoutMs: 30_000 })),
  );
  if (ffmpeg?.code !== 0 || ffprobe?.code !== 0) return undefined;
  return /^ffmpeg version (\S+)/.exec(ffmpeg.stdout)?.[1] ?? 'found';
}

/** Tools that only the set-up uses are missed only as long as TensorFlow does not run. */
function tool(name: string, found: string | undefined, engineRuns: boolean, remedy: string): Finding {
  if (found !== undefined) return { name, state: 'ok', text: found };
  return engineRuns
    ? { name, state: 'absent', text: 'not found; only needed to set TensorFlow up' }
    : { name, state: 'missing', text: 'not found', remedy };
}

/** The findings on programs and versions. */
export function examineTools(tools: Tools, engineRuns: boolean): Finding[] {
  const supported = isSupportedNode(process.version);
  const node: Finding = supported
    ? { name: 'Node', state: 'ok', text: process.version }
    : { name: 'Node', state: 'missing', text: process.version, remedy: `install Node ${MINIMUM_NODE} or later` };
  return [
    node,
    tool('npm', tools.npm, engineRuns, 'install npm; it comes with Node'),
    tool('Python', tools.python, engineRuns, 'install Python with pip (Debian: apt-get install python3-pip)'),
    tool('Compiler', tools.compiler, engineRuns, 'install a C++ compiler (Debian: apt-get install g++)'),
    tools.electron === undefined
      ? { name: 'Electron', state: 'absent', text: 'not installed; the terminal commands do not need it' }
      : { name: 'Electron', state: 'ok', text: tools.electron },
    tools.ffmpeg === undefined
      ? { name: 'ffmpeg', state: 'absent', text: 'not found; only video files need it', remedy: INSTALL_FFMPEG }
      : { name: 'ffmpeg', state: 'ok', text: tools.ffmpeg },
  ];
}

/** The findings on TensorFlow, from what an engine process answered. `variant`: the library that was chosen. */
export function examineEngine(diagnosis: EngineDiagnosis, variant: 'cpu' | 'gpu'): Finding[] {
  if ('error' in diagnosis) {
    return [
      {
        name: 'TensorFlow',
        state: 'missing',
        text: diagnosis.error.split('\n')[0] ?? '',
        remedy: 'run: npm run setup',
      },
    ];
  }
  const { backend, device, versions, threads, memory, recordedFunctions, startMs } = diagnosis.report;
  return [
    {
      name: 'TensorFlow',
      state: 'ok',
      text: `${versions.tensorflow}, backend ${backend}, tfjs ${versions.tfjs}, addon ${versions.tfjsNode}`,
    },
    examineDevice(device, variant, threads),
    examineExecution(recordedFunctions),
    { name: 'Engine', state: 'ok', text: `starts in ${String(startMs)} ms, ${formatBytes(memory.resident)} resident` },
  ];
}

function examineExecution(recordedFunctions: boolean): Finding {
  if (recordedFunctions) return { name: 'Execution', state: 'ok', text: 'recorded functions (graph mode)' };
  return {
    name: 'Execution',
    state: 'absent',
    text: 'eager: the addon lacks recorded functions, so everything runs op by op, slower and with more memory',
    remedy: 'for recorded functions: have Python with pip and a C++ compiler, then run npm run setup',
  };
}

function examineDevice(device: 'CPU' | 'GPU', variant: 'cpu' | 'gpu', threads: number): Finding {
  const text = `${device}, ${String(threads)} threads`;
  if (device === 'GPU' || variant === 'cpu') return { name: 'Device', state: 'ok', text };
  const remedy = 'check the NVIDIA driver (nvidia-smi), or go back with: npm run setup -- --cpu';
  return { name: 'Device', state: 'missing', text: `${text}: the GPU library is set up, but it found no GPU`, remedy };
}

function examineMachine(): Finding[] {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = `${formatBytes(totalmem())} of memory, ${formatBytes(freemem())} free`;
  return [
    {
      name: 'Machine',
      state: 'ok',
      text: `${process.platform} ${process.arch}, ${model}, ${String(availableParallelism())} cores, ${memory}`,
    },
  ];
}

/** What the set-up has put where, and whether it is whole. */
function examineCache(): Finding[] {
  const cache = cacheFolder();
  const variant = chosenVariant(cache);
  const addon = installedAddon(PROJECT_FOLDER);
  const size = formatBytes(folderBytes(cache));
  const library: Finding =
    librariesAreReady(cache, variant) || addon?.kind === 'prebuilt'
      ? {
          name: 'Library',
          state: 'ok',
          text: `${variant}, in ${addon?.kind === 'prebuilt' ? 'node_modules (prebuilt)' : cache}`,
        }
      : {
          name: 'Library',
          state: 'missing',
          text: `${variant}: not in ${cache}, or damaged`,
          remedy: 'run: npm run setup',
        };
  const current = addonIsCurrent({ project: PROJECT_FOLDER, cache, variant });
  const binding: Finding = current
    ? { name: 'Addon', state: 'ok', text: `${addon?.kind ?? ''} ${addon?.key ?? ''}`.trim() }
    : {
        name: 'Addon',
        state: 'missing',
        text: addon ? 'built from other sources or for another library' : 'not built',
        remedy: 'run: npm run setup',
      };
  return [library, binding, { name: 'Cache', state: 'ok', text: `${cache}, ${size}${cacheParts(cache)}` }];
}

function cacheParts(cache: string): string {
  try {
    const names = readdirSync(cache).filter((name) => name.startsWith('tensorflow-'));
    return names.map((name) => `; ${name} ${formatBytes(folderBytes(join(cache, name)))}`).join('');
  } catch {
    return '';
  }
}

const MARKS = { ok: 'ok', missing: 'MISSING', absent: '-' } as const;

/** The findings as text, what to do about them at the end. */
export function formatFindings(findings: readonly Finding[]): string {
  const rows = findings.map(({ name, state, text }) => `${name.padEnd(11)} ${MARKS[state].padEnd(8)} ${text}`);
  const remedies = [...new Set(findings.flatMap(({ remedy }) => remedy ?? []))];
  const advice =
    remedies.length > 0
      ? ['', 'To do:', ...remedies.map((remedy) => `  ${remedy}`)]
      : ['', 'Everything needed is there.'];
  return `${[...rows, ...advice].join('\n')}\n`;
}

/** Looks at this machine, at what is set up and at the engine; takes seconds. */
export async function diagnose(): Promise<{ diagnosis: EngineDiagnosis; findings: Finding[] }> {
  const [diagnosis, tools] = await Promise.all([askEngine(), findTools()]);
  const engineRuns = 'report' in diagnosis;
  const findings = [
    ...examineMachine(),
    ...examineTools(tools, engineRuns),
    ...examineCache(),
    ...examineEngine(diagnosis, chosenVariant(cacheFolder())),
  ];
  return { diagnosis, findings: findings.map((finding) => ({ ...finding, text: shortHome(finding.text) })) };
}

/** The user's folder as `~`: shorter to read, and a report that is passed on names nobody. */
export function shortHome(text: string, home = homedir()): string {
  return home.length > 1 ? text.replaceAll(`${home}${sep}`, `~${sep}`) : text;
}

/** Runs `llavolta doctor [--json]`. Exit code 0 when the engine runs and nothing needed is missing, else 1. */
export async function runDoctor(argv: string[]): Promise<number> {
  const { values } = parseArgs({ args: argv, options: { json: { type: 'boolean', default: false } } });
  const { diagnosis, findings } = await diagnose();
  process.stdout.write(
    values.json ? `${JSON.stringify({ findings, engine: diagnosis }, null, 2)}\n` : formatFindings(findings),
  );
  return findings.some(({ state }) => state === 'missing') ? 1 : 0;
}
