/**
 * The process that works a study's result out: thousands of resamples of thousands of questions would hold up the studio.
 * Started with one argument, the JSON of a `resultJobSchema`; it sends one message.
 */
import { studyResult, type StudyResult } from '../../../shared/redundancy-study.ts';
import { resultJobSchema, type ResultMessage } from './result-job.ts';
import { StudyFolder } from './study-folder.ts';

async function resultOf(folder: StudyFolder): Promise<StudyResult | undefined> {
  const record = await folder.record();
  const answers = record ? await folder.answers(record) : [];
  if (!record || answers.length === 0) return undefined;
  return studyResult(answers, await folder.times(), record.compressions, record.shape);
}

process.on('disconnect', () => process.exit());
const { folder } = resultJobSchema.parse(JSON.parse(process.argv[2] ?? ''));
const result = await resultOf(new StudyFolder(folder));
const message: ResultMessage = result ? { result } : {};
process.send?.(message);
process.disconnect?.();
