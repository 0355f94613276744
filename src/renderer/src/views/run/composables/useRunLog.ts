/** The log of a run: its newest lines, then those that events bring. */
import { shallowRef, watch } from 'vue';
import { runLogSchema, type LogLine } from '../../../../../shared/api/runs.ts';
import type { ApiFailure } from '../../../../../shared/api/failures.ts';
import { failureOf } from '../../../api/api-error.ts';
import { read, studio } from '../../../api/client.ts';
import { useStudioEvent } from '../../../api/events.ts';

/** Lines that are kept in the page; the file has them all. */
const MOST_LINES = 20_000;

const signOf = ({ time, text }: LogLine): string => `${time} ${text}`;

export function useRunLog(name: () => string) {
  const lines = shallowRef<readonly LogLine[]>([]);
  const failure = shallowRef<ApiFailure>();
  let newest = 0;

  async function load(): Promise<void> {
    const turn = ++newest;
    lines.value = [];
    try {
      const answer = await read(runLogSchema, studio.api.runs[':name'].log.$get({ param: { name: name() } }));
      if (turn !== newest) return;
      // A line that came by event while the file was read is in both.
      const known = new Set(answer.lines.map(signOf));
      lines.value = [...answer.lines, ...lines.value.filter((line) => !known.has(signOf(line)))];
      failure.value = undefined;
    } catch (error) {
      if (turn === newest) failure.value = failureOf(error);
    }
  }

  useStudioEvent('log', ({ run, line }) => {
    if (run === name()) lines.value = [...lines.value.slice(1 - MOST_LINES), line];
  });
  watch(name, () => void load(), { immediate: true });
  return { lines, failure };
}
