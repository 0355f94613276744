import { dirname, join } from 'node:path';
import type { BrokenSample } from '../../../shared/dataset.ts';
import type { CheckedConversations, DatasetJob } from '../../../shared/dataset-source.ts';
import { folderConversation } from './conversation-choice.ts';
import { checkedRecords } from './dataset-reader.ts';
import { MediaFolder } from './media-paths.ts';
import { sampleChecker } from './sample-check.ts';

type ConversationJob = Extract<DatasetJob, { kind: 'conversation' }>;

const SHOWN_SAMPLES = 20;

/** Looks at the first samples of a file as the preparation of a training would. Broken ones are another check's. @throws InputError */
export function checkConversations(job: ConversationJob): CheckedConversations {
  const template = folderConversation(job.model, job.conversation);
  const { turns, maxLength, visualTokens, file, images, frames, limit } = job;
  const check = sampleChecker({ template, turns, maxLength, visualTokens });
  const found = { mismatch: new Found(), 'too-long': new Found() };
  let samples = 0;
  const folder = new MediaFolder(images ?? join(dirname(file), 'images'), { frames });
  for (const { sample, record, line } of checkedRecords(file, folder, { repeatedIds: true })) {
    if (!sample) continue;
    const problem = check(sample);
    if (problem) found[problem.kind].add({ index: record, id: sample.id, line, reason: problem.reason });
    if (++samples === limit) break;
  }
  return {
    type: 'conversations',
    template: template.file,
    endToken: template.endToken ?? null,
    samples,
    mismatched: found.mismatch.summary(),
    tooLong: found['too-long'].summary(),
  };
}

class Found {
  private count = 0;
  private readonly first: BrokenSample[] = [];

  add(sample: BrokenSample): void {
    this.count++;
    if (this.first.length < SHOWN_SAMPLES) this.first.push(sample);
  }

  summary(): CheckedConversations['mismatched'] {
    return { count: this.count, first: this.first };
  }
}
