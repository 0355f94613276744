import type { TokenPoint } from '../../../shared/answer.ts';
import type { LayoutGroup } from '../compressor/sequence-layout.ts';
import type { PointResult, Session } from './session.ts';

const range = (values: Int32Array, { start, length }: LayoutGroup): number[] =>
  Array.from(values.subarray(start, start + length));

/** What a point made of the first prompt's pictures. Before the decoder tokens have no position ids yet: those of the prompt. */
function tokenPoint({ planned, assignment, positions }: PointResult, entry: readonly LayoutGroup[]): TokenPoint {
  const { point, before, after } = planned;
  const groups = before.rows[0]?.groups ?? [];
  const pictures = groups.map((group, g) => {
    const left = after.rows[0]?.groups[g] as LayoutGroup;
    const went = range(assignment, group).map((to) => (to < 0 ? -1 : to - left.start));
    const first = entry[g]?.start ?? 0;
    const counted = Array.from({ length: left.length }, (_, j) => first + j);
    return { went, positions: point.layer < 0 ? counted : range(positions, left) };
  });
  return { layer: point.layer, pictures };
}

/** What the compression points of a session of one prompt made of its pictures; none without pictures. */
export function tokenPoints(session: Session): TokenPoint[] {
  const { groups } = session.entry;
  return groups.length === 0 ? [] : session.pointResults().map((result) => tokenPoint(result, groups));
}
