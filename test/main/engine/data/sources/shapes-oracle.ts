/** Answers questions from their text and the scene graph alone; shares no code with the generator. */

export interface SceneGraph {
  readonly background: number[];
  readonly objects: readonly { color: string; shape: string; size: 'small' | 'large'; x: number; y: number }[];
}
export interface ClipGraph {
  readonly objects: readonly {
    color: string;
    shape: string;
    x: number;
    y: number;
    appears: number;
    motion?: { direction: string; from: number; step: number };
  }[];
}
type Thing = { color: string; shape: string; size?: string };

const SINGULAR = (word: string): string => word.replace(/^crosses$/, 'cross').replace(/^(\w+[^s])s$/, '$1');

/** Objects that fit all words of a phrase like `large red stars`; `object` fits any. */
function matching<T extends Thing>(objects: readonly T[], phrase: string): T[] {
  const words = phrase
    .split(' ')
    .map(SINGULAR)
    .filter((word) => word !== 'object');
  return objects.filter((object) => words.every((word) => [object.color, object.shape, object.size].includes(word)));
}

function only<T extends Thing>(objects: readonly T[], phrase: string): T {
  const found = matching(objects, phrase);
  if (found.length !== 1 || !found[0]) throw new Error(`"${phrase}" fits ${found.length} objects`);
  return found[0];
}

const yesNo = (truth: boolean): string => (truth ? 'yes' : 'no');

type Rule<G> = [RegExp, (graph: G, ...groups: string[]) => string | number];

/** A clear margin is demanded of every relation that is asked for. */
function isRelated(a: SceneGraph['objects'][number], words: string, b: SceneGraph['objects'][number]): boolean {
  const way: Record<string, number> = {
    'to the left of': b.x - a.x,
    'to the right of': a.x - b.x,
    above: b.y - a.y,
    below: a.y - b.y,
  };
  const distance = way[words] as number;
  if (Math.abs(distance) < 0.14) throw new Error(`${words} is not clear (${distance})`);
  return distance > 0;
}

const RELATION = 'to the left of|to the right of|above|below';

const SCENE_RULES: Rule<SceneGraph>[] = [
  [
    new RegExp(`^What (?:is the )?(color|shape) (?:is|of) the object (${RELATION}) the (.+)\\?$`),
    ({ objects }, attribute = '', words = '', phrase = '') => {
      const anchor = only(objects, phrase);
      const clear = objects.filter((other) => other !== anchor && isClearOf(other, words, anchor));
      if (clear.length !== 1) throw new Error(`${clear.length} objects are ${words} the ${phrase}`);
      return clear[0]?.[attribute as 'color' | 'shape'] ?? '';
    },
  ],
  [
    /^(?:What|Which) (?:is the )?(color|shape|size) (?:is|of|does) the (.+?)(?: have)?\?$/,
    ({ objects }, attribute = '', phrase = '') => only(objects, phrase)[attribute as 'color'],
  ],
  [/^Is the (.+) (?:small or large|large or small)\?$/, ({ objects }, phrase = '') => only(objects, phrase).size],
  [
    /^(?:Is there|Does the picture show|Can you see) an? (.+?)(?: in the picture)?\?$/,
    ({ objects }, phrase = '') => yesNo(matching(objects, phrase).length > 0),
  ],
  [
    /^(?:How many|What is the number of) (.+?)(?: are there| does the picture show)?\?$/,
    ({ objects }, phrase = '') => matching(objects, phrase).length,
  ],
  [
    /^Are there (more|fewer|as many) (.+) (?:than|as) (.+)\?$/,
    ({ objects }, kind = '', a = '', b = '') => {
      const difference = matching(objects, a).length - matching(objects, b).length;
      return yesNo(kind === 'more' ? difference > 0 : kind === 'fewer' ? difference < 0 : difference === 0);
    },
  ],
  [
    /^Is the (.+) (bigger|smaller) than the (.+)\?$/,
    ({ objects }, a = '', kind = '', b = '') => {
      const sizes = [only(objects, a).size, only(objects, b).size];
      if (sizes[0] === sizes[1]) throw new Error('both have the same size');
      return yesNo((sizes[0] === 'large') === (kind === 'bigger'));
    },
  ],
  [
    new RegExp(`^Is the (.+) (${RELATION}) the (.+)\\?$`),
    ({ objects }, a = '', words = '', b = '') => yesNo(isRelated(only(objects, a), words, only(objects, b))),
  ],
  [
    /^(?:Is the|Would you say that the) (.+?) (?:is )?(?:an? )?(\w+)\?$/,
    ({ objects }, phrase = '', value = '') => {
      const object = only(objects, phrase);
      return yesNo(object.color === value || object.shape === value);
    },
  ],
];

/** Like isRelated, for one of several: an object on the other side counts as not related however near it is. */
function isClearOf(
  other: SceneGraph['objects'][number],
  words: string,
  anchor: SceneGraph['objects'][number],
): boolean {
  return isRelated(other, words, anchor);
}

const moved = (clip: ClipGraph, phrase: string): ClipGraph['objects'][number] => only(clip.objects, phrase);
const start = (clip: ClipGraph, phrase: string): number => moved(clip, phrase).motion?.from ?? NaN;
const speed = (clip: ClipGraph, phrase: string): number => moved(clip, phrase).motion?.step ?? NaN;

const CLIP_RULES: Rule<ClipGraph>[] = [
  [
    /^(?:Which way|In which direction) does the (.+) move\?$/,
    (clip, phrase = '') => moved(clip, phrase).motion?.direction ?? '',
  ],
  [/^Which is faster, the (.+) or the (.+)\?$/, (clip, a = '', b = '') => (speed(clip, a) > speed(clip, b) ? a : b)],
  [
    /^Which appears first, the (.+) or the (.+)\?$/,
    (clip, a = '', b = '') => (moved(clip, a).appears < moved(clip, b).appears ? a : b),
  ],
  [
    /^Which starts to move first, the (.+) or the (.+)\?$/,
    (clip, a = '', b = '') => (start(clip, a) < start(clip, b) ? a : b),
  ],
  [/^Is the (.+) faster than the (.+)\?$/, (clip, a = '', b = '') => yesNo(speed(clip, a) > speed(clip, b))],
  [
    /^Does the (.+) appear before the (.+)\?$/,
    (clip, a = '', b = '') => yesNo(moved(clip, a).appears < moved(clip, b).appears),
  ],
  [/^Does the (.+) start to move before the (.+)\?$/, (clip, a = '', b = '') => yesNo(start(clip, a) < start(clip, b))],
  [
    /^(?:Does the (.+) move|Is the (.+) moving)\?$/,
    (clip, a, b) => yesNo(moved(clip, a ?? b ?? '').motion !== undefined),
  ],
];

function answer<G>(rules: readonly Rule<G>[], graph: G, question: string): string {
  for (const [pattern, rule] of rules) {
    const match = pattern.exec(question);
    if (match) return String(rule(graph, ...match.slice(1)));
  }
  throw new Error(`no rule reads "${question}"`);
}

export const answerScene = (graph: SceneGraph, question: string): string => answer(SCENE_RULES, graph, question);
export const answerClip = (graph: ClipGraph, question: string): string => answer(CLIP_RULES, graph, question);
