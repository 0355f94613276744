import type { Random } from '../../../../../shared/random.ts';
import type { Candidate } from './question.ts';
import { agree, describe, refer, type Attribute } from './references.ts';
import type { Scene, SceneObject } from './scene.ts';
import { COLOR_NAMES, SHAPES, plural, withArticle } from './vocabulary.ts';

/** Objects nearer than this along an axis (share of the width) are not said to be left of or above each other. */
const RELATION_MARGIN = 0.15;
const MOST_COUNTED = 5;

type Objects = readonly SceneObject[];
const yesNo = (truth: boolean): string => (truth ? 'yes' : 'no');
const distinct = <T>(items: readonly T[]): T[] => [...new Set(items)];

/** Every question that can be asked about a scene without ambiguity. */
export function sceneCandidates(scene: Scene, random: Random): Candidate[] {
  const { objects } = scene;
  return [
    ...attributeQuestions(objects, random),
    ...verifyQuestions(objects, random),
    ...existenceQuestions(objects),
    ...countQuestions(objects),
    ...relationQuestions(objects, random),
    ...relatedQuestions(objects, random),
    ...amountQuestions(objects),
    ...sizeQuestions(objects, random),
  ];
}

const ATTRIBUTE_TEXTS: Record<Attribute, (phrase: string) => string[]> = {
  color: (phrase) => [
    `What color is the ${phrase}?`,
    `What is the color of the ${phrase}?`,
    `Which color does the ${phrase} have?`,
  ],
  shape: (phrase) => [
    `What shape is the ${phrase}?`,
    `What is the shape of the ${phrase}?`,
    `Which shape does the ${phrase} have?`,
  ],
  size: (phrase) => [
    `Is the ${phrase} small or large?`,
    `Is the ${phrase} large or small?`,
    `What size is the ${phrase}?`,
  ],
};

/** What color is the star? */
function attributeQuestions(objects: Objects, random: Random): Candidate[] {
  return objects.flatMap((object, i) =>
    (['color', 'shape', 'size'] as const).flatMap((type) => {
      const phrase = refer(objects, object, [type], random);
      if (!phrase) return [];
      return [{ type, group: type, fact: `${type}:${i}`, texts: ATTRIBUTE_TEXTS[type](phrase), answer: object[type] }];
    }),
  );
}

/** Is the star red? The wrong values are ones that other objects of the picture have. */
function verifyQuestions(objects: Objects, random: Random): Candidate[] {
  return objects.flatMap((object, i) =>
    (['color', 'shape'] as const).flatMap((type) => {
      const phrase = refer(objects, object, [type], random);
      if (!phrase) return [];
      return distinct(objects.map((other) => other[type])).map((value) => {
        const claim = type === 'color' ? value : withArticle(value);
        const texts = [`Is the ${phrase} ${claim}?`, `Would you say that the ${phrase} is ${claim}?`];
        return { type: 'verify', group: type, fact: `${type}:${i}`, texts, answer: yesNo(object[type] === value) };
      });
    }),
  );
}

/** Is there a red star? In a "no", both words fit something in the picture, but not the same thing. */
function existenceQuestions(objects: Objects): Candidate[] {
  const pairs: [Attribute, Attribute][] = [
    ['color', 'shape'],
    ['size', 'shape'],
    ['size', 'color'],
  ];
  return pairs.flatMap((pair) => {
    const mixed = objects.flatMap((a) => objects.map((b): SceneObject => ({ ...a, [pair[0]]: b[pair[0]] })));
    return distinct(mixed.map((object) => describe(object, pair))).map((phrase) => {
      const one = withArticle(phrase);
      const texts = [
        `Is there ${one}?`,
        `Is there ${one} in the picture?`,
        `Does the picture show ${one}?`,
        `Can you see ${one}?`,
      ];
      const answer = yesNo(objects.some((object) => describe(object, pair) === phrase));
      return { type: 'exist', group: pair.join('+'), fact: `exist:${phrase}`, texts, answer };
    });
  });
}

function countTexts(phrase: string): string[] {
  const many = plural(phrase);
  return [`How many ${many} are there?`, `How many ${many} does the picture show?`, `What is the number of ${many}?`];
}

/** How many stars are there? Also for words that fit nothing. */
function countQuestions(objects: Objects): Candidate[] {
  const first = objects[0] as SceneObject;
  const classes: [string, SceneObject, Attribute][] = [
    ...SHAPES.map((shape): [string, SceneObject, Attribute] => ['shape', { ...first, shape }, 'shape']),
    ...COLOR_NAMES.map((color): [string, SceneObject, Attribute] => ['color', { ...first, color }, 'color']),
    ...(['small', 'large'] as const).map((size): [string, SceneObject, Attribute] => [
      'size',
      { ...first, size },
      'size',
    ]),
  ];
  const all = {
    type: 'count',
    group: 'all',
    fact: 'count:all',
    texts: countTexts('object'),
    answer: `${objects.length}`,
  };
  const some = classes.flatMap(([group, model, attribute]) => {
    const count = objects.filter((object) => agree(object, model, [attribute])).length;
    if (count > MOST_COUNTED) return [];
    const phrase = describe(model, [attribute]);
    return [{ type: 'count', group, fact: `count:${phrase}`, texts: countTexts(phrase), answer: `${count}` }];
  });
  return [all, ...some];
}

const RELATIONS = [
  { name: 'left', words: 'to the left of', axis: 'x', sign: -1 },
  { name: 'right', words: 'to the right of', axis: 'x', sign: 1 },
  { name: 'above', words: 'above', axis: 'y', sign: -1 },
  { name: 'below', words: 'below', axis: 'y', sign: 1 },
] as const;
type Relation = (typeof RELATIONS)[number];

/** How far `a` lies on the named side of `b`; negative on the other side. */
const offset = (a: SceneObject, b: SceneObject, { axis, sign }: Relation): number => sign * (a[axis] - b[axis]);

/** Is the star to the left of the ring? Only where one of both sides is clear. */
function relationQuestions(objects: Objects, random: Random): Candidate[] {
  return pairsOf(objects).flatMap(([i, j]) => {
    const [a, b] = [objects[i] as SceneObject, objects[j] as SceneObject];
    const [phraseA, phraseB] = [refer(objects, a, [], random), refer(objects, b, [], random)];
    if (!phraseA || !phraseB) return [];
    return RELATIONS.filter((relation) => Math.abs(offset(a, b, relation)) >= RELATION_MARGIN).map((relation) => ({
      type: 'relation',
      group: relation.name,
      fact: `relation:${Math.min(i, j)}:${Math.max(i, j)}:${relation.axis}`,
      texts: [`Is the ${phraseA} ${relation.words} the ${phraseB}?`],
      answer: yesNo(offset(a, b, relation) > 0),
    }));
  });
}

/** What color is the object above the ring? Only where exactly one object is above and no other nearly is. */
function relatedQuestions(objects: Objects, random: Random): Candidate[] {
  return objects.flatMap((anchor) => {
    const phrase = refer(objects, anchor, [], random);
    if (!phrase) return [];
    return RELATIONS.flatMap((relation) => {
      const others = objects.filter((other) => other !== anchor);
      const near = others.filter((other) => offset(other, anchor, relation) > -RELATION_MARGIN);
      const target = near[0];
      if (near.length !== 1 || !target || offset(target, anchor, relation) < RELATION_MARGIN) return [];
      return (['color', 'shape'] as const).map((type) => ({
        type: `related-${type}`,
        group: type,
        fact: `${type}:${objects.indexOf(target)}`,
        texts: [
          `What ${type} is the object ${relation.words} the ${phrase}?`,
          `What is the ${type} of the object ${relation.words} the ${phrase}?`,
        ],
        answer: target[type],
      }));
    });
  });
}

const AMOUNTS = [
  {
    name: 'more',
    holds: (a: number, b: number) => a > b,
    text: (a: string, b: string) => `Are there more ${a} than ${b}?`,
  },
  {
    name: 'fewer',
    holds: (a: number, b: number) => a < b,
    text: (a: string, b: string) => `Are there fewer ${a} than ${b}?`,
  },
  {
    name: 'equal',
    holds: (a: number, b: number) => a === b,
    text: (a: string, b: string) => `Are there as many ${a} as ${b}?`,
  },
];

/** Are there more stars than rings? */
function amountQuestions(objects: Objects): Candidate[] {
  return (['shape', 'color', 'size'] as const).flatMap((attribute) => {
    const phrases = distinct(objects.map((object) => describe(object, [attribute])));
    const count = (phrase: string): number => objects.filter((o) => describe(o, [attribute]) === phrase).length;
    return pairsOf(phrases).flatMap(([i, j]) => {
      const [a, b] = [phrases[i] as string, phrases[j] as string];
      return AMOUNTS.map(({ name, holds, text }) => ({
        type: 'compare-amount',
        group: name,
        fact: `amount:${[a, b].sort().join(':')}`,
        texts: [text(plural(a), plural(b))],
        answer: yesNo(holds(count(a), count(b))),
      }));
    });
  });
}

/** Is the star bigger than the ring? Only between a small and a large object. */
function sizeQuestions(objects: Objects, random: Random): Candidate[] {
  return pairsOf(objects).flatMap(([i, j]) => {
    const [a, b] = [objects[i] as SceneObject, objects[j] as SceneObject];
    const [phraseA, phraseB] = [refer(objects, a, ['size'], random), refer(objects, b, ['size'], random)];
    if (!phraseA || !phraseB || a.size === b.size) return [];
    const fact = `sizes:${Math.min(i, j)}:${Math.max(i, j)}`;
    return (['bigger', 'smaller'] as const).map((group) => {
      const answer = yesNo((a.size === 'large') === (group === 'bigger'));
      return { type: 'compare-size', group, fact, texts: [`Is the ${phraseA} ${group} than the ${phraseB}?`], answer };
    });
  });
}

/** All ordered pairs of different positions. */
function pairsOf(items: readonly unknown[]): [number, number][] {
  return items.flatMap((_, i) => items.flatMap((_, j): [number, number][] => (i === j ? [] : [[i, j]])));
}
