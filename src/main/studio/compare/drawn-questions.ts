/** A random choice of a dataset's questions, each as a record of its own that shows the pictures seen so far. */
import { IMAGE_PLACEHOLDER, readConversation, VIDEO_PLACEHOLDER, type Conversation } from '../../../shared/dataset.ts';
import { BROKEN } from '../../../shared/dataset-index.ts';
import { InputError } from '../../../shared/errors.ts';
import { Random } from '../../../shared/random.ts';
import type { DatasetIndex } from '../datasets/dataset-index.ts';

export interface DrawnQuestion {
  /** The sample it is from. */
  readonly record: number;
  /** Pictures that it shows: images, or frames. */
  readonly media: number;
  readonly question: string;
  readonly expected: string;
  /** The record as a line of a conversation file; its id is its place among those drawn. */
  readonly text: string;
}

/** Places of `count` of `total` questions, ascending, each equally likely (Floyd's sampling). */
function drawPlaces(total: number, count: number, seed: number): number[] {
  const random = Random.from(seed, 'batch');
  const chosen = new Set<number>();
  for (let i = Math.max(0, total - count); i < total; i++) {
    const place = random.integer(i + 1);
    chosen.add(chosen.has(place) ? i : place);
  }
  return [...chosen].sort((a, b) => a - b);
}

function recordText(id: number, conversation: Conversation, turn: number): string {
  const { modality, media, system, turns, scoring } = conversation;
  const asked = turns[turn];
  if (!asked) throw new RangeError(`the sample has no turn ${turn}`);
  const shown = turns.slice(0, turn + 1).reduce((total, one) => total + one.media, 0);
  const placeholder = modality === 'video' ? VIDEO_PLACEHOLDER : IMAGE_PLACEHOLDER;
  const paths = media.slice(0, shown);
  const pictures = modality === 'video' ? { video: paths[0] } : { images: paths };
  const value = [...paths.map(() => placeholder), asked.question].join('\n');
  const opening = system === undefined ? [] : [{ from: 'system', value: system }];
  const conversations = [...opening, { from: 'human', value }, { from: 'gpt', value: asked.answer }];
  const record = { id: String(id), ...(paths.length > 0 && pictures), conversations };
  return JSON.stringify(scoring === undefined ? record : { ...record, scoring });
}

/** Questions of a record: none where it is broken. */
const turnsAt = ({ columns }: DatasetIndex, record: number): number =>
  columns.kinds[record] === BROKEN ? 0 : (columns.turns[record] ?? 0);

/** Draws questions. The same seed draws the same ones. @throws InputError where the dataset has none */
export async function drawQuestions(index: DatasetIndex, count: number, seed: number): Promise<DrawnQuestion[]> {
  const { columns, head } = index;
  const places = drawPlaces(head.turns, count, seed);
  if (places.length === 0) throw new InputError({ file: head.file, rule: 'has no questions' });
  const drawn: DrawnQuestion[] = [];
  let [record, before] = [0, 0];
  for (const place of places) {
    for (; place >= before + turnsAt(index, record); record++) before += turnsAt(index, record);
    const conversation = readConversation((await index.read(record)).json);
    const turn = place - before;
    const asked = conversation.turns[turn];
    const shown = conversation.turns.slice(0, turn + 1).reduce((total, one) => total + one.media, 0);
    drawn.push({
      record,
      media: conversation.modality === 'video' && shown > 0 ? (columns.media[record] ?? 0) : shown,
      ...{ question: asked?.question ?? '', expected: asked?.answer ?? '' },
      text: recordText(drawn.length, conversation, turn),
    });
  }
  return drawn;
}
