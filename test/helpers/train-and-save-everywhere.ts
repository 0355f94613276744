/** A process that trains a run and takes a checkpoint after every micro-batch. Argument: the job as JSON. */
import { trainJobSchema } from '../../src/shared/engine-protocol.ts';
import { JobControl } from '../../src/main/engine/jobs/job-control.ts';
import { runTrainingJob } from '../../src/main/engine/train/training-job.ts';

const control = new JobControl();
const job = trainJobSchema.parse(JSON.parse(process.argv[2] ?? ''));
for await (const message of runTrainingJob(job, control)) {
  if (message.type === 'micro' || message.type === 'metrics') control.requestCheckpoint();
}
process.exit(0);
