import type { DatasetJob, DatasetMessage } from '../../../shared/dataset-source.ts';
import { sum } from '../../../shared/sum.ts';
import { IGNORED_LABEL } from './batch.ts';
import { folderConversation } from './conversation-choice.ts';
import { readSampleAt } from './dataset-reader.ts';
import { encodeSample } from './encode.ts';
import { MediaFolder } from './media-paths.ts';

type TokensJob = Extract<DatasetJob, { kind: 'tokens' }>;
type SampleTokens = Extract<DatasetMessage, { type: 'tokens' }>;

/** Counts the tokens of one sample as a training of a model takes it, its whole conversation one row. @throws InputError */
export function countSampleTokens({ model, file, images, start, length, visualTokens }: TokensJob): SampleTokens {
  const sample = readSampleAt(file, { start, length }, new MediaFolder(images));
  const options = { template: folderConversation(model), visualTokens, maxLength: Infinity };
  const { row } = encodeSample(sample, { ...options, turns: 'multi' });
  return {
    type: 'tokens',
    textTokens: row.tokenIds.length - sum(row.groups.map((group) => group.length)),
    supervisedTokens: row.labels.filter((label) => label !== IGNORED_LABEL).length,
    groups: row.groups.length,
  };
}
