/** The job `export`: a model as a Hugging Face folder that Python's transformers opens as it is. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { EngineMessage } from '../../../shared/engine-protocol.ts';
import type { ExportJob, Exported, ExportProgress } from '../../../shared/export.ts';
import type { JobControl } from '../jobs/job-control.ts';
import { writeTextDurably } from '../model/durable-file.ts';
import { loadExportable, type Exportable } from './exportable.ts';
import { findExportSource, type ExportSource } from './export-source.ts';
import { modelCard } from './model-card.ts';
import { readRunFacts, type RunFacts } from './run-facts.ts';
import { checkTarget, writeTarget } from './target-folder.ts';

const progress = (phase: ExportProgress['phase'], done: number): EngineMessage => ({
  type: 'export-progress',
  progress: { phase, done },
});

async function filesOf(folder: string): Promise<Exported['files']> {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })));
}

/** `staged`, or `staged, step 40` for a checkpoint. */
function nameOf({ folder, run, step }: ExportSource): string {
  const name = basename(run ?? folder);
  return step === undefined ? name : `${name}, step ${step}`;
}

function cardOf(job: ExportJob, source: ExportSource, { config, parameters }: Exportable, run?: RunFacts): string {
  const { form, dtype } = job;
  const { step } = source;
  const facts = { config, parameters, form, dtype, name: nameOf(source) };
  return modelCard({ ...facts, ...(run && { run }), ...(step !== undefined && { step }) });
}

/**
 * Exports a model. Told to stop before it has read the weights, it writes nothing.
 *
 * @throws InputError where there is no model, or the folder may not be written
 */
export async function* runExportJob(job: ExportJob, control: JobControl): AsyncGenerator<EngineMessage> {
  const { form, dtype, folder } = job;
  await checkTarget(folder, job.model, job.replace);
  const source = await findExportSource(job.model, job.step);
  const run = source.run === undefined ? undefined : await readRunFacts(source.run);
  yield progress('read', 0);
  const model = await loadExportable(source.folder, job);
  await control.breathe();
  if (control.stopRequested) return;
  yield progress('write', 0.5);
  await writeTarget(folder, async (temporary) => {
    await model.write(temporary);
    await writeTextDurably(join(temporary, 'README.md'), cardOf(job, source, model, run));
  });
  const files = await filesOf(folder);
  const { parameters } = model;
  yield { type: 'exported', exported: { folder, source: source.folder, form, dtype, parameters, files } };
  yield { type: 'done' };
}
