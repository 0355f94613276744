/** Which charts are shown, in which order: chosen by the user and remembered, one list for each phase. */
import { z } from 'zod';
import { chartsOf, type ChartKind, type Phase } from './charts.ts';

/** Ids of the charts that are shown, in order. */
export type ChartChoice = readonly string[];

const choiceSchema = z.array(z.string()).max(100);

/** What is shown until the user chooses. */
export function defaultChoice(phase: Phase): ChartChoice {
  return chartsOf(phase)
    .filter(({ isExtra }) => isExtra !== true)
    .map(({ id }) => id);
}

/** The charts of a choice; those that are no longer known are left out. */
export function chosenCharts(phase: Phase, choice: ChartChoice): readonly ChartKind[] {
  const known = chartsOf(phase);
  return choice.flatMap((id) => known.filter((chart) => chart.id === id));
}

/** Shows or hides a chart. One that is shown anew stands at the end. */
export function toggleChart(choice: ChartChoice, id: string): ChartChoice {
  return choice.includes(id) ? choice.filter((shown) => shown !== id) : [...choice, id];
}

/** Moves a chart by so many places, not beyond the ends. */
export function moveChart(choice: ChartChoice, id: string, places: number): ChartChoice {
  const from = choice.indexOf(id);
  if (from < 0) return choice;
  const others = choice.filter((shown) => shown !== id);
  const to = Math.min(Math.max(0, from + places), others.length);
  return [...others.slice(0, to), id, ...others.slice(to)];
}

/** Puts a chart into the place of another one, as dragging does. */
export function placeChart(choice: ChartChoice, id: string, target: string): ChartChoice {
  return moveChart(choice, id, choice.indexOf(target) - choice.indexOf(id));
}

/** Reads a remembered choice; undefined where there is none that can be read. */
export function parseChoice(text: string | null): ChartChoice | undefined {
  try {
    const parsed = choiceSchema.safeParse(JSON.parse(text ?? 'null'));
    return parsed.success ? [...new Set(parsed.data)] : undefined;
  } catch {
    return undefined;
  }
}
