/** Trainings that wait, in order, kept in a file so that a studio that starts again knows them. */
import { join } from 'node:path';
import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { probeResultSchema } from '../../../shared/probe.ts';
import { failureSchema } from '../../../shared/run-record.ts';
import { readJsonFile, writeJsonFile, writeTextFile } from '../json-file.ts';
import { runNotesSchema } from './run-files.ts';

const trainingSchema = z.strictObject({
  /** Name of the run. */
  name: z.string(),
  /** `new`: its recipe waits beside the queue; `resume`: it has a folder and goes on. */
  mode: z.enum(['new', 'resume']),
  /** `held` waits until it is told to; `failed` could not begin and shows why. */
  state: z.enum(['waiting', 'active', 'held', 'failed']),
  createdAt: z.string(),
  notes: runNotesSchema,
  failure: failureSchema.optional(),
  /** What was measured of a new one. */
  probe: probeResultSchema.optional(),
});
export type QueuedTraining = z.output<typeof trainingSchema>;

const queueSchema = z.strictObject({ trainings: z.array(trainingSchema) });

/** The queue with its file. Changes are written one after the other. */
export class TrainingQueue {
  private readonly folder: string;
  private trainings: readonly QueuedTraining[] = [];
  private writing: Promise<void> = Promise.resolve();

  /** @param folder of the studio's files */
  constructor(folder: string) {
    this.folder = folder;
  }

  async load(): Promise<void> {
    this.trainings = (await readJsonFile(this.file, queueSchema))?.trainings ?? [];
  }

  all(): readonly QueuedTraining[] {
    return this.trainings;
  }

  find(name: string): QueuedTraining | undefined {
    return this.trainings.find((training) => training.name === name);
  }

  /** Text file of a recipe that has no run yet. */
  recipeFile(name: string): string {
    return join(this.folder, 'queue', `${name}.yaml`);
  }

  /** Adds a training at the end, or at the front, or changes the one of that name. */
  async put(training: QueuedTraining, place: 'last' | 'first' = 'last'): Promise<void> {
    const index = this.trainings.findIndex(({ name }) => name === training.name);
    if (index >= 0) this.trainings = this.trainings.with(index, training);
    else this.trainings = place === 'last' ? [...this.trainings, training] : [training, ...this.trainings];
    await this.save();
  }

  async putRecipe(name: string, yaml: string): Promise<void> {
    await writeTextFile(this.recipeFile(name), yaml);
  }

  async remove(name: string): Promise<void> {
    this.trainings = this.trainings.filter((training) => training.name !== name);
    await this.save();
    await rm(this.recipeFile(name), { force: true });
  }

  private get file(): string {
    return join(this.folder, 'queue.json');
  }

  private save(): Promise<void> {
    this.writing = this.writing
      .catch(() => undefined)
      .then(() => writeJsonFile(this.file, { trainings: this.trainings }));
    return this.writing;
  }
}
