/** The rules that FLOPs are counted by, in the words that every table uses. */

export type FlopsKey = 'flopsPaper' | 'flopsFastv' | 'flopsPyramidDrop' | 'flopsExact';

/** FLOPs by rule; what earlier versions kept knows but some. */
export type CountedFlops = { readonly [K in FlopsKey]?: number | undefined };

export interface FlopsRule {
  readonly key: FlopsKey;
  /** For a column or a line. */
  readonly name: string;
  /** What is counted, in a sentence or two. */
  readonly counts: string;
}

export const FLOPS_RULES: readonly FlopsRule[] = [
  {
    key: 'flopsPaper',
    name: 'paper',
    counts: "Forward pass: the decoder's linear layers alone, 2 FLOPs per multiply-add, as Tab. 5 of the paper counts",
  },
  {
    key: 'flopsFastv',
    name: 'FastV',
    counts:
      'Forward pass: multiply-adds 4nd² + 2n²d + 2ndm of each decoder layer over all n tokens, as FastV counts (its tables print the mean over the layers)',
  },
  {
    key: 'flopsPyramidDrop',
    name: 'PyramidDrop',
    counts: 'Forward pass: multiply-adds 4nd² + 2n²d + 3ndm of each decoder layer over its n visual tokens alone',
  },
  {
    key: 'flopsExact',
    name: 'exact',
    counts:
      'Everything that runs, 2 FLOPs per multiply-add: decoder with its attention, output head, projector and vision tower; in training the backward pass and what checkpointing computes again, in an answer every decoded token',
  },
];

/** The rules that narrow places show: PyramidDrop's is left to tables. */
export const SHOWN_FLOPS_RULES: readonly FlopsRule[] = FLOPS_RULES.filter(({ key }) => key !== 'flopsPyramidDrop');

const BY_KEY = new Map(FLOPS_RULES.map((rule) => [rule.key, rule]));

/** The rule of a count. */
export function flopsRule(key: FlopsKey): FlopsRule {
  const rule = BY_KEY.get(key);
  if (!rule) throw new Error(`there is no rule for ${key}`);
  return rule;
}
