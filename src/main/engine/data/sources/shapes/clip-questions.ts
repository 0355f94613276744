import type { Random } from '../../../../../shared/random.ts';
import type { Clip, ClipObject } from './clip.ts';
import type { Candidate } from './question.ts';

const yesNo = (truth: boolean): string => (truth ? 'yes' : 'no');

/** Every question that can be asked about a clip without ambiguity. */
export function clipCandidates(clip: Clip, random: Random): Candidate[] {
  // Objects of a clip differ in colour and in shape, so each of these phrases fits one object alone.
  const named = clip.objects.map((object): [ClipObject, string] => [
    object,
    random.pick([`${object.color} ${object.shape}`, object.shape, `${object.color} object`]),
  ]);
  const single = named.flatMap(([object, phrase], i) => motionQuestions(clip, object, phrase, i));
  const paired = named.flatMap((a, i) => named.flatMap((b, j) => (i === j ? [] : orderQuestions(clip, a, b, [i, j]))));
  return [...single, ...paired];
}

/** Which way does the star move? Does it move at all? */
function motionQuestions(clip: Clip, { motion }: ClipObject, phrase: string, index: number): Candidate[] {
  const moves = {
    type: 'moves',
    group: 'moves',
    fact: `motion:${index}`,
    texts: [`Does the ${phrase} move?`, `Is the ${phrase} moving?`],
    answer: yesNo(motion !== undefined),
  };
  if (!motion) return clip.about === 'motion' ? [moves] : [];
  const direction = {
    type: 'direction',
    group: 'direction',
    fact: `motion:${index}`,
    texts: [`Which way does the ${phrase} move?`, `In which direction does the ${phrase} move?`],
    answer: motion.direction,
  };
  return clip.about === 'motion' ? [direction, moves] : [direction];
}

type Named = readonly [ClipObject, string];

/** Which of two is faster, appears first or starts to move first? */
function orderQuestions(clip: Clip, a: Named, b: Named, [i, j]: readonly [number, number]): Candidate[] {
  const rank = RANKS[clip.about];
  const [rankA, rankB] = [rank.of(a[0]), rank.of(b[0])];
  if (rankA === undefined || rankB === undefined) return [];
  const [phraseA, phraseB] = [a[1], b[1]];
  const isFirst = rankA < rankB;
  const fact = `order:${Math.min(i, j)}:${Math.max(i, j)}`;
  const which: Candidate = {
    type: rank.type,
    group: 'which',
    fact,
    texts: [`Which ${rank.which}, the ${phraseA} or the ${phraseB}?`],
    answer: isFirst ? phraseA : phraseB,
    balanceKey: isFirst ? 'first' : 'second',
  };
  const whether: Candidate = {
    type: rank.type,
    group: 'whether',
    fact,
    texts: [rank.whether(`the ${phraseA}`, `the ${phraseB}`)],
    answer: yesNo(isFirst),
  };
  return [which, whether];
}

/** What comes first in the order that a clip is about: the object with the lower number. */
const RANKS = {
  motion: {
    type: 'faster',
    which: 'is faster',
    whether: (a: string, b: string) => `Is ${a} faster than ${b}?`,
    of: (object: ClipObject) => object.motion && -object.motion.step,
  },
  appearance: {
    type: 'appears-first',
    which: 'appears first',
    whether: (a: string, b: string) => `Does ${a} appear before ${b}?`,
    of: (object: ClipObject) => object.appears,
  },
  start: {
    type: 'moves-first',
    which: 'starts to move first',
    whether: (a: string, b: string) => `Does ${a} start to move before ${b}?`,
    of: (object: ClipObject) => object.motion?.from,
  },
} as const;
