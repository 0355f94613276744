import type { SequenceLayout } from '../../compressor/sequence-layout.ts';
import { close, failed, type Outcome } from '../compare.ts';
import type { CaseFolder } from '../case-folder.ts';
import { realPositions } from '../rows-of.ts';
import { TOLERANCES } from '../tolerances.ts';

/** `logits` and `logits_every_4th`, behind any prefix. */
const LOGITS = /logits(?:_every_(\d+)(?:st|nd|rd|th))?$/;

/** Checks the logits that a file holds under a prefix, all positions or every n-th, as many as there are. */
export async function* logitsChecks(
  folder: CaseFolder,
  file: string,
  prefix: string,
  ours: { readonly layout: SequenceLayout; readonly logits: Float32Array },
): AsyncGenerator<Outcome & { readonly name: string }> {
  const names = folder.tensorsOf(file).filter((name) => name.startsWith(`${prefix}logits`) && LOGITS.test(name));
  for (const name of names) {
    const every = Number(LOGITS.exec(name)?.[1] ?? 1);
    const { shape, data } = await folder.floats(file, name);
    const width = shape.at(-1) as number;
    const lengths = ours.layout.rows.map(({ length }) => length);
    const stored = Math.ceil(Math.max(...lengths) / every);
    if (shape[1] !== stored)
      yield { name, ...failed(`${stored} positions were computed, the reference has ${shape[1]}`) };
    else
      yield {
        name,
        ...close(
          realPositions(ours.logits, lengths, width, every),
          realPositions(data, lengths, width, every, true),
          TOLERANCES.logits,
        ),
      };
  }
}
