import type { HostArrays } from '../backend/host-arrays.ts';
import { gather, mul, reshape, sum } from '../backend/kernels.ts';
import type { Tensor } from '../backend/tensorflow.ts';
import { flatQueries } from './attention-ranking.ts';
import type { Compressor, PlannedPoint } from './compressor.ts';
import { choiceArrays, chosen } from './selection.ts';
import { countedPositions, type LayoutGroup, type LayoutRow } from './sequence-layout.ts';

/** The last token of every question behind a group; behind the last answer, the row's last token. */
function askersOf({ answers, length }: LayoutRow, group: LayoutGroup): number[] {
  const asked = answers.filter((place) => place >= group.start + group.length).map((place) => place - 1);
  return asked.length > 0 ? asked : [length - 1];
}

/** Questions of a batch: the places that ask in each row, and of each group its row and the places that ask about it. */
interface Questions {
  readonly places: readonly (readonly number[])[];
  /** Places that ask in a row, at most: Q. */
  readonly count: number;
  readonly groups: readonly { readonly row: number; readonly group: LayoutGroup; readonly askers: readonly number[] }[];
  /** Places that ask about a group, at most: A. */
  readonly most: number;
}

function questionsOf({ before }: PlannedPoint): Questions {
  const groups = before.rows.flatMap((layout, row) =>
    layout.groups.map((group) => ({ row, group, askers: askersOf(layout, group) })),
  );
  const places = before.rows.map((_, b) => [
    ...new Set(groups.filter(({ row }) => row === b).flatMap(({ askers }) => askers)),
  ]);
  return {
    places,
    count: Math.max(1, ...places.map(({ length }) => length)),
    groups,
    most: Math.max(1, ...groups.map(({ askers }) => askers.length)),
  };
}

/**
 * - `scores` int32 [G, A, N]: where each asker's attention to each token of the group stands in a flat [B, Q, T]
 * - `shares` [G, A, 1]: 1 / askers of the group, and 0 where a group has no such asker
 */
function meanArrays({ before }: PlannedPoint, { places, count, groups, most }: Questions, longest: number): HostArrays {
  const size = Math.max(groups.length, 1) * most;
  const scores = new Int32Array(size * longest);
  const shares = new Float32Array(size);
  groups.forEach(({ row, group, askers }, g) => {
    askers.forEach((place, a) => {
      const at = g * most + a;
      const query = row * count + (places[row]?.indexOf(place) ?? 0);
      shares[at] = 1 / askers.length;
      for (let i = 0; i < group.length; i++) {
        scores[at * longest + i] = query * before.paddedLength + group.start + i;
      }
    });
  });
  return {
    scores: { shape: [size / most, most, longest], data: scores },
    shares: { shape: [size / most, most, 1], data: shares },
  };
}

function plan(planned: PlannedPoint): HostArrays {
  const arrays = choiceArrays(planned);
  const questions = questionsOf(planned);
  const counted = countedPositions(planned.after);
  return {
    ...arrays,
    ...meanArrays(planned, questions, arrays['members']?.shape[1] as number),
    queries: flatQueries(planned.before, questions.count, (b, i) => questions.places[b]?.[i] ?? 0),
    counted: { shape: [counted.length], data: counted },
  };
}

const apply: Compressor['apply'] = (states, arrays, context) => {
  const { scores, shares } = arrays as Record<string, Tensor>;
  const received = gather(reshape(context.attention as Tensor, [-1]), scores as Tensor); // [G, A, N]
  return chosen(states, sum(mul(received, shares as Tensor), 1), arrays, context);
};

/** PyramidDrop with the position ids that its tokens had. */
export const pyramidDropKept: Compressor = { name: 'pyramid-drop-kept', attentionOf: 'enters', plan, apply };

/**
 * PyramidDrop (Xing et al. 2024, arXiv 2410.17247): keeps the tokens that get the most attention from the last token of
 * the instruction, computed anew from queries and keys of the layer that comes, averaged over heads. In a conversation
 * the last tokens of all instructions behind the image are averaged, so that later questions have a say in what earlier
 * answers see, as in the authors' training. The pyramid is several points of a setting. Position ids are counted anew
 * in the shorter sequence, text included, as the authors' code does; `pyramid-drop-kept` leaves them.
 */
export const pyramidDrop: Compressor = {
  name: 'pyramid-drop',
  attentionOf: 'enters',
  renumbers: true,
  plan,
  apply: (states, arrays, context) => ({
    ...apply(states, arrays, context),
    positions: arrays['counted'] as Tensor,
  }),
};
