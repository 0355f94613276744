/** The studio as a server: for a browser on this machine or behind a tunnel, for the desktop window, and for tests. */
import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import { cacheFolder } from '../../scripts/setup/engine-plan.mjs';
import type { Session } from '../shared/api/session.ts';
import { InputError } from '../shared/errors.ts';
import { StudioDemo } from './demo/studio-demo.ts';
import { StudioExperiments } from './experiment/studio-experiments.ts';
import { diagnose } from './doctor.ts';
import { createApp } from './studio/server/app.ts';
import { listen, type Answering } from './studio/server/http-server.ts';
import { Admission } from './studio/server/secrets.ts';
import { lockStudio } from './studio/studio-lock.ts';
import { Studio } from './studio/studio.ts';
import { workspaceOf } from './studio/workspace.ts';

export interface ServeOptions {
  /** Folder that holds runs/, data/ and models/; made where it is missing. It becomes this process's working folder. */
  readonly workspace: string;
  /** Folder that files can be browsed below; the workspace unless said otherwise. */
  readonly root?: string;
  /** 0 = a free one. */
  readonly port: number;
  readonly host: string;
  /** Lets other machines in, which `host` alone does not. */
  readonly allowRemote?: boolean;
  readonly folderDialogs?: Session['folderDialogs'];
  /** Folder of the built user interface. */
  readonly pages?: string;
  /** The engine's program; its own unless a test says otherwise. */
  readonly entry?: string;
}

export interface ServedStudio {
  /** Address with a one-time token: whoever opens it first gets the session. */
  readonly url: string;
  readonly port: number;
  readonly studio: Studio;
  /** The address with another token, for another browser. */
  newUrl(): string;
  isTraining(): boolean;
  /** Ends the studio; trainings save first. */
  close(): Promise<void>;
}

const PAGES = fileURLToPath(new URL('../../out/renderer', import.meta.url));
const LOOPBACK: readonly string[] = ['127.0.0.1', '::1', 'localhost'];

function checkHost({ host, allowRemote }: ServeOptions): void {
  if (LOOPBACK.includes(host) || allowRemote) return;
  const rule = 'would let other machines in, who could then train, read and delete with the link';
  throw new InputError({ field: '--host', value: host, rule, hint: 'Say so with --allow-remote, or use ssh -L' });
}

/** Names that other machines may call this one by. */
function remoteNames({ host, allowRemote }: ServeOptions): string[] {
  if (!allowRemote) return [];
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  return [host, hostname(), ...addresses].map((name) => (name.includes(':') ? `[${name}]` : name).toLowerCase());
}

/** Cookies do not tell ports apart: two studios of one machine need two names. */
const cookieOf = (workspace: string): string =>
  `llavolta_${createHash('sha256').update(`${hostname()} ${workspace}`).digest('hex').slice(0, 12)}`;

/**
 * Opens a workspace and serves it.
 *
 * @throws InputError where the address or the workspace is not to be had
 */
export async function serve(options: ServeOptions): Promise<ServedStudio> {
  checkHost(options);
  mkdirSync(resolve(options.workspace), { recursive: true });
  const workspace = realpathSync(resolve(options.workspace));
  // Relative paths of recipes are relative to it, in engine processes too.
  process.chdir(workspace);
  // The address first: a studio that cannot be reached must not begin to train.
  const state: { answer?: Answering } = {};
  const server = await listen(() => state.answer, options.host, options.port);
  const { studio, release } = await openLocked(options, workspace).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  const admission = new Admission();
  const guards = { admission, allowedHosts: remoteNames(options), cookie: cookieOf(workspace) };
  const app = createApp(studio, { ...guards, pages: options.pages ?? PAGES });
  state.answer = (request, bindings) => app.fetch(request, bindings);
  const name = LOOPBACK.includes(options.host) ? '127.0.0.1' : hostname();
  const newUrl = (): string => `http://${name}:${server.port}/?token=${admission.newToken()}`;
  return {
    ...{ url: newUrl(), port: server.port, studio, newUrl },
    isTraining: () => studio.isTraining,
    close: async () => {
      await studio.close();
      await server.close();
      await release();
    },
  };
}

async function openLocked(
  options: ServeOptions,
  workspace: string,
): Promise<{ studio: Studio; release: () => Promise<void> }> {
  const release = await lockStudio(workspaceOf(workspace).studio);
  try {
    return { studio: await openStudio(options, workspace), release };
  } catch (error) {
    await release();
    throw error;
  }
}

function openStudio({ root, folderDialogs, entry }: ServeOptions, workspace: string): Promise<Studio> {
  return Studio.open({
    ...{ workspace, root: resolve(root ?? workspace), version: manifest.version },
    folderDialogs: folderDialogs ?? 'browse',
    diagnose,
    cacheFolder: cacheFolder(),
    makeDemo: (opened) => new StudioDemo(opened),
    makeExperiments: (opened) => new StudioExperiments(opened, entry),
    ...(entry !== undefined && { entry }),
  });
}
