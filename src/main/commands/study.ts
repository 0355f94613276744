import { InputError } from '../../shared/errors.ts';
import * as attention from './study-attention.ts';
import * as budget from './study-budget.ts';
import * as redundancy from './study-redundancy.ts';

export const summary = 'what visual tokens are worth: studies of a trained model';

/** Studies by name. */
const STUDIES: Readonly<Record<string, { readonly usage: string; run(argv: string[]): Promise<number> }>> = {
  redundancy,
  attention,
  budget,
};

export const usage = Object.values(STUDIES)
  .map((study) => study.usage.trim())
  .join('\n\n');

export async function run(argv: string[]): Promise<number> {
  const [name = '', ...rest] = argv;
  const study = Object.hasOwn(STUDIES, name) ? STUDIES[name] : undefined;
  if (study) return study.run(rest);
  const rule = `must be one of ${Object.keys(STUDIES).join(', ')}`;
  throw new InputError({ field: 'study', value: name, rule, hint: 'llavolta study --help' });
}
