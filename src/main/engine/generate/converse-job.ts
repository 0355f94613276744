import type { ConverseJob } from '../../../shared/answer.ts';
import { parseCompression } from '../../../shared/compression.ts';
import type { EngineMessage } from '../../../shared/engine-protocol.ts';
import { failureOf } from '../jobs/failure.ts';
import type { AskedQuestion, JobControl } from '../jobs/job-control.ts';
import { ask } from './ask.ts';
import { loadAnsweringModel, type LoadedModel } from './loaded-model.ts';

/** Answers one question. What is wrong with it is told, and the conversation goes on. */
async function* answerQuestion(
  model: LoadedModel,
  { id, question, ended }: AskedQuestion,
  control: JobControl,
): AsyncGenerator<EngineMessage> {
  try {
    const compressions = question.compressions.map((notation) => parseCompression(notation));
    for await (const event of ask(model, { ...question, compressions, signal: ended.signal })) {
      yield { type: 'answer', event };
      await control.breathe();
      if (control.stopRequested) ended.abort();
    }
    yield { type: 'answered', id };
  } catch (error) {
    yield { type: 'answered', id, failure: failureOf(error) };
  }
}

/** Holds a model and answers questions about pictures, one after the other, until it is told to stop. */
export async function* runConverseJob(job: ConverseJob, control: JobControl): AsyncGenerator<EngineMessage> {
  const model = await loadAnsweringModel(job.model);
  try {
    yield { type: 'listening' };
    while (!control.stopRequested) {
      const asked = control.takeQuestion();
      if (asked) yield* answerQuestion(model, asked, control);
      else await control.nextCommand();
    }
  } finally {
    model.dispose();
  }
  yield { type: 'done' };
}
