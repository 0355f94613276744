/**
 * The process that works an experiment's result out: thousands of resamples would hold up the studio. Started with one
 * argument, the JSON of a `findingsJobSchema`; it writes the files and sends one message.
 */
import { join } from 'node:path';
import { InputError } from '../../shared/errors.ts';
import { experimentSchema } from '../../shared/experiment/experiment.ts';
import { findingsJobSchema, type FindingsMessage } from './findings-job.ts';
import { keepResult, resultsPage, writePage } from './write-findings.ts';

const send = (message: FindingsMessage): void => void process.send?.(message);

async function work(): Promise<void> {
  const { experiment, source, text, places } = findingsJobSchema.parse(JSON.parse(process.argv[2] ?? ''));
  const read = { experiment: experimentSchema.parse(experiment), source, text };
  const page = join(places.experiments, read.experiment.name, `${read.experiment.name}.md`);
  const findings = await keepResult(read, places);
  send({ type: 'written', files: await writePage(page, resultsPage(read, findings, page)) });
}

process.on('disconnect', () => process.exit());
try {
  await work();
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  send({ type: 'refused', cause: error.message });
}
process.disconnect?.();
