import { readdir, statfs } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import type { EngineAnswer, EngineFinding, Storage } from '../../../shared/api/engine.ts';
import type { EngineDiagnosis } from '../../../shared/engine-report.ts';
import { folderSize } from '../folder-size.ts';
import { RUN_PATHS } from '../runs/run-files.ts';
import type { Workspace } from '../workspace.ts';

export interface EngineTools {
  diagnose(): Promise<{ readonly diagnosis: EngineDiagnosis; readonly findings: readonly EngineFinding[] }>;
  readonly cacheFolder: string;
}

/** What the engine runs on, and what is on the disk. */
export class EngineReports {
  private readonly workspace: Workspace;
  private readonly tools: EngineTools;
  private last: Promise<EngineAnswer> | undefined;

  constructor(workspace: Workspace, tools: EngineTools) {
    this.workspace = workspace;
    this.tools = tools;
  }

  /** What the last look found, or a fresh one. Looks at the same time are one. */
  async answer(fresh: boolean): Promise<EngineAnswer> {
    if (fresh) this.last = undefined;
    const look = (this.last ??= this.look());
    look.catch(() => (this.last = undefined));
    return { ...(await look), machine: machineFacts() };
  }

  async storage(): Promise<Storage> {
    const { folder, runs, data, models, studio } = this.workspace;
    const { bavail, blocks, bsize } = await statfs(folder);
    const names = await readdir(runs).catch(() => []);
    const [dataBytes, modelBytes, studioBytes, cacheBytes] = await Promise.all(
      [data, models, studio, this.tools.cacheFolder].map(folderSize),
    );
    return {
      ...{ freeBytes: bavail * bsize, totalBytes: blocks * bsize },
      runs: (await Promise.all(names.map((name) => this.runStorage(name)))).sort((a, b) => b.bytes - a.bytes),
      ...{ dataBytes: dataBytes ?? 0, modelBytes: modelBytes ?? 0 },
      ...{ studioBytes: studioBytes ?? 0, cacheBytes: cacheBytes ?? 0 },
    };
  }

  private async runStorage(name: string): Promise<Storage['runs'][number]> {
    const folder = join(this.workspace.runs, name);
    const [bytes, checkpointBytes, modelBytes] = await Promise.all([
      folderSize(folder),
      folderSize(join(folder, RUN_PATHS.checkpoints)),
      folderSize(join(folder, RUN_PATHS.final)),
    ]);
    return { name, bytes, checkpointBytes, modelBytes, otherBytes: Math.max(0, bytes - checkpointBytes - modelBytes) };
  }

  private async look(): Promise<EngineAnswer> {
    const { diagnosis, findings } = await this.tools.diagnose();
    const checkedAt = new Date().toISOString();
    return { checkedAt, diagnosis, findings: findings.map((finding) => ({ ...finding })), machine: machineFacts() };
  }
}

function machineFacts(): EngineAnswer['machine'] {
  return {
    ...{ platform: `${process.platform} ${process.arch}`, processor: cpus()[0]?.model.trim() ?? 'unknown processor' },
    ...{ cores: availableParallelism(), memoryBytes: totalmem(), freeMemoryBytes: freemem(), node: process.version },
  };
}
