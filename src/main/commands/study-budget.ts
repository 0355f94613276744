/** `llavolta study budget`: which settings reach a budget of visual tokens or FLOPs. Arithmetic: nothing is loaded. */
import { parseArgs } from 'node:util';
import type { BudgetModel } from '../../shared/budget-cost.ts';
import type { BudgetKind, BudgetTarget } from '../../shared/budget-target.ts';
import { PAPER_TEXT_TOKENS } from '../../shared/cost.ts';
import { InputError } from '../../shared/errors.ts';
import { solveBudget } from '../../shared/token-budget.ts';
import { sizeOf } from '../plan/arguments.ts';
import { budgetText } from '../terminal/budget-view.ts';
import { writeText } from '../terminal/write-text.ts';

export const usage = `
Usage: llavolta study budget --model FOLDER|NAME BUDGET [options]

Which layers K and strides S, in one point or two, and which shares of stages reach a budget. Hits come first, then the
nearest from below. FOLDER is a model folder, of which only config.json is read; NAME is llava-1.5-7b, llava-1.5-13b, or a
size that comes with the program.

BUDGET is one of
  --tokens N         average visual tokens of an image per layer, as VisionZip and PyramidDrop count 192, 128 and 64
  --retained P       per cent of #Tokens (visual tokens summed over layers) that are left
  --cr P             compression ratio in per cent; 100 is none
  --flops F          FLOPs of a forward pass as the paper counts, e.g. 2.14T or 2.14e12
  --exact-flops F    the same with vision tower, projector, attention and head

  --text-tokens N    text tokens of a prompt (${PAPER_TEXT_TOKENS}, the paper's)
  --json FILE        write what was found as JSON
`;

const OPTIONS = {
  model: { type: 'string' },
  tokens: { type: 'string' },
  retained: { type: 'string' },
  cr: { type: 'string' },
  flops: { type: 'string' },
  'exact-flops': { type: 'string' },
  'text-tokens': { type: 'string', default: String(PAPER_TEXT_TOKENS) },
  json: { type: 'string' },
} as const;

const KINDS = {
  tokens: 'tokens',
  retained: 'retained',
  cr: 'ratio',
  flops: 'flopsPaper',
  'exact-flops': 'flopsExact',
} as const satisfies Record<string, BudgetKind>;

const PREFIXES: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };
const MOST_TEXT = 10_000_000;

function numberOf(flag: string, text: string): number {
  const [, digits = '', prefix = ''] = /^(\d+(?:\.\d+)?(?:e\d{1,2})?)([KMGTP]?)$/i.exec(text) ?? [];
  const value = Number(digits) * (PREFIXES[prefix.toUpperCase()] ?? NaN);
  if (digits !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InputError({ field: `--${flag}`, value: text, rule: 'must be a number above 0, e.g. 192 or 2.14T' });
}

function textTokensOf(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count <= MOST_TEXT) return count;
  throw new InputError({ field: '--text-tokens', value: text, rule: `must be a whole number from 0 to ${MOST_TEXT}` });
}

/** What the arguments ask for. @throws InputError */
export function parseBudget(argv: string[]): {
  model: string;
  target: BudgetTarget;
  textTokens: number;
  json?: string;
} {
  const { values } = parseArgs({ args: argv, options: OPTIONS });
  const hint = 'llavolta study --help';
  if (values.model === undefined) throw new InputError({ field: '--model', rule: 'must be given', hint });
  const given = (Object.keys(KINDS) as (keyof typeof KINDS)[]).filter((flag) => values[flag] !== undefined);
  const [flag] = given;
  if (flag === undefined || given.length > 1) {
    const rule = `needs one budget: one of ${Object.keys(KINDS)
      .map((name) => `--${name}`)
      .join(', ')}`;
    throw new InputError({ field: 'study budget', rule, hint });
  }
  return {
    model: values.model,
    target: { kind: KINDS[flag], value: numberOf(flag, values[flag] ?? '') },
    textTokens: textTokensOf(values['text-tokens']),
    ...(values.json !== undefined && { json: values.json }),
  };
}

export async function run(argv: string[]): Promise<number> {
  const { model: name, target, textTokens, json } = parseBudget(argv);
  const { shape, visualTokens } = await sizeOf(name);
  const model: BudgetModel = { shape, visualTokens, textTokens };
  const solutions = solveBudget(model, target);
  const { layers } = shape.decoder;
  const head = `${name}: ${visualTokens} visual tokens an image, ${layers} layers, ${textTokens} text tokens`;
  process.stdout.write(`${[head, '', ...budgetText(solutions, target)].join('\n')}\n`);
  const found = { model: name, visualTokens, textTokens, target, ...solutions };
  if (json !== undefined) writeText(json, `${JSON.stringify(found, null, 2)}\n`);
  return 0;
}
