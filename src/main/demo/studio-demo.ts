/** The demo in the studio: its data in the library, its vision tower and its staged training as runs like any other. */
import type { Dataset } from '../../shared/api/datasets.ts';
import type { Demo } from '../../shared/api/session.ts';
import { formatRecipe } from '../../shared/recipe-yaml.ts';
import { loadPreset } from '../studio/presets.ts';
import { conflict, plainFailure } from '../studio/request-error.ts';
import type { DemoRunner, Studio } from '../studio/studio.ts';
import { SHAPES_OVERRIDES } from './demo-data.ts';
import { nextEvent, runAtRest, StudioEnded } from '../runs/await-run.ts';
import { findRuns } from '../runs/find-run.ts';
import { modelOf } from './training-phase.ts';

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
      if (error instanceof Stopped || error instanceof StudioEnded) {
        this.tell({ ...this.current, state: 'stopped', text: error.message });
      } else this.tell({ ...this.current, state: 'failed', failure: plainFailure(error) });
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
    return nextEvent(this.studio, (event) => {
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
    const ended = runAtRest(this.studio, name, (done) => this.tell({ ...this.current, done }));
    if (stopped) await desk.act(name, 'continue');
    const run = await ended;
    if (run !== 'cancelled' && run.state === 'finished') return name;
    if (run !== 'cancelled' && run.state === 'failed') throw new Error(run.failure?.cause ?? `${name} failed`);
    throw new Stopped(`${name} was stopped: start the demo again, and it goes on from there`);
  }

  private tell(demo: Demo): void {
    this.current = demo;
    this.studio.events.publish({ kind: 'demo', demo });
  }
}
