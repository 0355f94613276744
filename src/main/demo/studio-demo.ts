/** The demo in the studio: its data in the library, its vision tower and its staged training as runs like any other. */
import type { Dataset } from '../../shared/api/datasets.ts';
import type { StudioEvent } from '../../shared/api/events.ts';
import type { RunSummary } from '../../shared/api/runs.ts';
import type { Demo } from '../../shared/api/session.ts';
import { formatRecipe } from '../../shared/recipe-yaml.ts';
import { loadPreset } from '../studio/presets.ts';
import { conflict, plainFailure } from '../studio/request-error.ts';
import type { DemoRunner, Studio } from '../studio/studio.ts';
import { SHAPES_OVERRIDES } from './demo-data.ts';
import { findRuns } from '../runs/find-run.ts';
import { modelOf } from './training-phase.ts';

/** States in which nothing more happens to a run by itself. */
const AT_REST: readonly RunSummary['state'][] = ['finished', 'failed', 'stopped', 'interrupted'];

/** A phase ended without what the next one needs, as its user wished. */
class Stopped extends Error {}

export class StudioDemo implements DemoRunner {
  private readonly studio: Studio;
  private current: Demo = { state: 'none' };

  constructor(studio: Studio) {
    this.studio = studio;
  }

  get state(): Demo {
    return this.current;
  }

  /** @throws RequestError where it runs already */
  start({ offline }: { readonly offline: boolean }): Demo {
    if (this.current.state === 'running') throw conflict('The demo runs already', 'Wait for it, or stop its run');
    this.tell({ state: 'running', phase: 'data', text: 'Getting the pictures and questions' });
    void this.run(offline).catch((error: unknown) => {
      if (error instanceof Stopped) this.tell({ ...this.current, state: 'stopped', text: error.message });
      else this.tell({ ...this.current, state: 'failed', failure: plainFailure(error) });
    });
    return this.current;
  }

  private async run(offline: boolean): Promise<void> {
    const data = await this.provideData(offline);
    const train = `data.train=${data.file}`;
    const overrides = data.name === 'shapes' ? SHAPES_OVERRIDES : [];
    this.tell({ ...this.current, phase: 'tower', dataset: data.id, text: 'Training a small vision tower' });
    const tower = await this.train('demo-tower', [train, ...overrides], (towerRun) => ({ towerRun }));
    this.tell({ ...this.current, phase: 'training', text: 'Training in four stages, from heavy compression to none' });
    const run = await this.train('demo-4stage', [train, `model.tower=${modelOf(`runs/${tower}`)}`], (name) => ({
      run: name,
    }));
    const { done: _, ...rest } = this.current;
    this.tell({ ...rest, state: 'finished', run, text: 'The model is ready: compare its answers' });
  }

  /** easy-VQA where it is there or can be downloaded, else pictures that are drawn here. */
  private async provideData(offline: boolean): Promise<Dataset> {
    const { datasets, events } = this.studio;
    if (!offline) {
      const found = await this.imported(datasets.addExample({ source: 'easy-vqa' }));
      if (found.state === 'ready') return found;
      const text = 'easy-VQA is not to be had, so the demo draws its own pictures';
      events.publish({ kind: 'notice', level: 'warning', text });
      await datasets.remove(found.id);
    }
    const drawn = await this.imported(datasets.addExample({ source: 'shapes' }));
    if (drawn.state === 'ready') return drawn;
    throw new Error(drawn.failure?.cause ?? 'The pictures could not be drawn');
  }

  private async imported({ id }: Dataset): Promise<Dataset> {
    const isOver = ({ state }: Dataset): boolean => state !== 'importing';
    const now = this.studio.datasets.get(id);
    if (isOver(now)) return now;
    return this.next((event) => {
      if (event.kind !== 'dataset' || event.dataset.id !== id) return undefined;
      if (isOver(event.dataset)) return event.dataset;
      if (event.dataset.done !== undefined) this.tell({ ...this.current, done: event.dataset.done });
      return undefined;
    });
  }

  /** Trains a preset and waits, or takes a finished run of the same recipe and data, or goes on with one. @returns its name */
  private async train(preset: string, overrides: string[], named: (run: string) => Partial<Demo>): Promise<string> {
    const { desk, workspace } = this.studio;
    const recipe = loadPreset(preset, overrides);
    const found = findRuns(workspace.runs, recipe);
    const finished = found.find(({ record }) => record.state === 'finished');
    const stopped = found.find(({ record }) => record.state === 'stopped');
    const name =
      (finished ?? stopped)?.record.name ?? (await desk.add({ yaml: formatRecipe(recipe), tags: ['demo'] })).name;
    const { done: _, ...rest } = this.current;
    this.tell({ ...rest, ...named(name) });
    if (finished) return name;
    const ended = this.ended(name);
    if (stopped) await desk.act(name, 'continue');
    const run = await ended;
    if (run.state === 'finished') return name;
    if (run.state === 'failed') throw new Error(run.failure?.cause ?? `${name} failed`);
    throw new Stopped(`${name} was stopped: start the demo again, and it goes on from there`);
  }

  /** Resolves when a run has begun and come to rest. */
  private ended(name: string): Promise<RunSummary> {
    let hasBegun = false;
    return this.next((event) => {
      if (event.kind !== 'run' || event.run.name !== name) return undefined;
      const { step, totalSteps = 0, state } = event.run;
      if (totalSteps > 0 && state === 'running') this.tell({ ...this.current, done: Math.min(1, step / totalSteps) });
      if (!AT_REST.includes(state)) hasBegun = true;
      return hasBegun && AT_REST.includes(state) ? event.run : undefined;
    });
  }

  /** What `choose` makes of the first event that it makes something of. */
  private next<T>(choose: (event: StudioEvent) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const unlisten = this.studio.events.listen(({ event }) => {
        const chosen = choose(event);
        if (chosen === undefined) return;
        unlisten();
        resolve(chosen);
      });
      this.studio.closing.addEventListener('abort', () => reject(new Stopped('The studio ended')));
    });
  }

  private tell(demo: Demo): void {
    this.current = demo;
    this.studio.events.publish({ kind: 'demo', demo });
  }
}
