import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Probe } from '../../../shared/api/recipes.ts';
import { parseRecipe } from '../../../shared/recipe-yaml.ts';
import { withStages } from '../../../shared/recipe.ts';
import { runEngineJob } from '../engine-job.ts';
import type { EventHub } from '../events/event-hub.ts';
import { inBackground } from '../events/in-background.ts';
import type { JobBoard } from '../jobs/job-board.ts';
import { writeTextFile } from '../json-file.ts';
import { schemeOf } from '../presets.ts';
import { notFound, plainFailure } from '../request-error.ts';
import type { Workspace } from '../workspace.ts';

/** Probes that are remembered. */
const KEPT = 20;

/** Short measured trainings, of which nothing is kept but their figures. */
export class Probes {
  private readonly workspace: Workspace;
  private readonly events: EventHub;
  private readonly board: JobBoard;
  private readonly entry: string | undefined;
  private readonly probes = new Map<string, Probe>();

  constructor(workspace: Workspace, events: EventHub, board: JobBoard, entry?: string) {
    this.workspace = workspace;
    this.events = events;
    this.board = board;
    this.entry = entry;
  }

  /** @throws RequestError where there is no such probe */
  get(id: string): Probe {
    const probe = this.probes.get(id);
    if (!probe) throw notFound('such probe');
    return probe;
  }

  /** Begins to measure a recipe; its results come as events. @throws InputError where the recipe is wrong */
  async start(yaml: string): Promise<Probe> {
    const recipe = withStages(parseRecipe(yaml, 'recipe'), schemeOf);
    const settings = recipe.phase === 'vision' ? 1 : new Set(recipe.stages.map(({ compression }) => compression)).size;
    const probe: Probe = { id: randomUUID(), state: 'running', stages: [], settings };
    this.put(probe);
    for (const id of [...this.probes.keys()].slice(0, -KEPT)) this.probes.delete(id);
    void inBackground(this.run(probe.id, recipe.name, yaml), this.events, `Measure ${recipe.name}`);
    return probe;
  }

  private async run(id: string, name: string, yaml: string): Promise<void> {
    const file = join(this.workspace.studio, 'probes', `${id}.yaml`);
    const job = { kind: 'probe', title: `Measure ${name}`, subject: id } as const;
    const isCancelled = await this.board
      .track(job, async (signal) => {
        await writeTextFile(file, yaml);
        for await (const message of runEngineJob({ kind: 'probe', recipe: file, overrides: [] }, signal, this.entry)) {
          const { stages, ...rest } = this.get(id);
          if (message.type === 'probe') this.put({ ...rest, stages: [...stages, message.stage] });
          if (message.type === 'probed-run') this.put({ ...rest, stages, run: message.run });
        }
        return signal.aborted;
      })
      .catch((error: unknown) => {
        this.put({ ...this.get(id), state: 'failed', failure: plainFailure(error) });
        return undefined;
      });
    await rm(file, { force: true });
    if (isCancelled !== undefined) this.put({ ...this.get(id), state: isCancelled ? 'cancelled' : 'done' });
  }

  private put(probe: Probe): void {
    this.probes.set(probe.id, probe);
    this.events.publish({ kind: 'probe', probe });
  }
}
