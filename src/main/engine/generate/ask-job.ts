import type { AnswerEvent, AskJob } from '../../../shared/answer.ts';
import { parseCompression } from '../../../shared/compression.ts';
import type { EngineMessage } from '../../../shared/engine-protocol.ts';
import { frameAddresses } from '../data/video/video-frames.ts';
import type { JobControl } from '../jobs/job-control.ts';
import { ask } from './ask.ts';
import { loadAnsweringModel } from './loaded-model.ts';

/** Asks one question at every setting. Told to stop, it ends the answer at hand and leaves out the others. */
export async function* runAskJob(job: AskJob, control: JobControl): AsyncGenerator<EngineMessage> {
  const compressions = job.compressions.map((notation) => parseCompression(notation));
  const frames = job.video ? frameAddresses(job.video.file, job.video.frames) : [];
  const images = [...job.images, ...frames];
  const model = await loadAnsweringModel(job.model, job.execution);
  const aborted = new AbortController();
  try {
    for await (const event of ask(model, { ...job, images, compressions, signal: aborted.signal })) {
      yield { type: 'answer', event: event satisfies AnswerEvent };
      await control.breathe();
      if (control.stopRequested) aborted.abort();
    }
  } finally {
    model.dispose();
  }
  yield { type: 'done' };
}
