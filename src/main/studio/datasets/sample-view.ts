/** A record of a conversation file as it is shown. Broken ones are shown as far as they can be read. */
import type { Sample, SampleSummary } from '../../../shared/api/datasets.ts';
import { MODALITIES, readConversation, recordId, type Conversation } from '../../../shared/dataset.ts';
import { modalityAt } from '../../../shared/dataset-index.ts';
import type { DatasetIndex, RawRecord } from './dataset-index.ts';

const [QUESTION_LENGTH, ANSWER_LENGTH, RAW_LENGTH] = [240, 160, 100_000];

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text);

/** Id of a picture of a sample: it names no path, and leads to one only through the dataset's own record. */
export const sampleMediaId = (dataset: string, record: number, place: number): string =>
  `s.${dataset}.${record}.${place}`;

/** What of a record can be read; a broken one may still have words to show. */
function conversationOf(json: unknown): Conversation | undefined {
  try {
    return readConversation(json);
  } catch {
    return undefined;
  }
}

function mediaOf(dataset: string, record: number, conversation: Conversation, groups: number): SampleSummary['media'] {
  const ids = Array.from({ length: groups }, (_, place) => sampleMediaId(dataset, record, place));
  if (conversation.modality === 'video') {
    return conversation.media.map((path) => ({ kind: 'video', path, ids }));
  }
  return conversation.media.map((path, i) => ({ kind: 'image', path, ids: ids.slice(i, i + 1) }));
}

/** A sample as a row or tile. */
export function sampleSummary(
  dataset: string,
  index: DatasetIndex,
  record: number,
  { json }: RawRecord,
): SampleSummary {
  const { columns } = index;
  const conversation = conversationOf(json);
  const broken = modalityAt(columns, record) === undefined;
  const [first] = conversation?.turns ?? [];
  return {
    ...{ index: record, id: recordId(json) ?? '', modality: conversation?.modality ?? MODALITIES[0] },
    ...{ turns: conversation?.turns.length ?? 0, textBytes: columns.textBytes[record] ?? 0 },
    ...{ question: cut(first?.question ?? '', QUESTION_LENGTH), answer: cut(first?.answer ?? '', ANSWER_LENGTH) },
    media: conversation ? mediaOf(dataset, record, conversation, columns.media[record] ?? 0) : [],
    line: columns.lines[record] ?? 0,
    ...(broken && { broken: index.reason(record) ?? 'cannot be trained on' }),
  };
}

/** A sample with its whole conversation. */
export function wholeSample(dataset: string, index: DatasetIndex, record: number, raw: RawRecord): Sample {
  const conversation = conversationOf(raw.json);
  return {
    ...sampleSummary(dataset, index, record, raw),
    ...(conversation?.system !== undefined && { system: conversation.system }),
    conversation: (conversation?.turns ?? []).map(({ question, media, answer }) => ({ question, media, answer })),
    raw: cut(raw.text, RAW_LENGTH),
  };
}
