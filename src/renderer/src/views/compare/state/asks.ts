/** Questions that were asked here: their answers as they come, and which of them each pane shows. */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import { doneSchema } from '../../../../../shared/api/failures.ts';
import { askStartedSchema, type Ask, type AskRequest } from '../../../../../shared/api/compare.ts';
import { read, studio } from '../../../api/client.ts';
import { useConnection } from '../../../api/events.ts';
import { createLiveMap } from '../../../stores/live-map.ts';
import { hear, liveAskOf, newLiveAsk, type AnswerNews, type LiveAnswer, type LiveAsk } from '../ask/live-asks.ts';
import { signatureOf } from './draft.ts';

/** Where a pane's answer is, and what was asked for it. */
interface Placed {
  readonly ask: string;
  readonly index: number;
  readonly signature: string;
}

/** What a pane shows. */
export interface ShownAnswer extends LiveAnswer {
  readonly ask: string;
  /** Of what was asked; see `signatureOf`. */
  readonly signature: string;
}

export const useAsks = defineStore('compare-asks', () => {
  const asks = createLiveMap<LiveAsk>(({ id }) => id);
  const placed = shallowRef<ReadonlyMap<string, Placed>>(new Map());
  const connection = useConnection();

  const heard = (news: AnswerNews): void =>
    asks.set(hear(asks.items.value.get(news.ask) ?? newLiveAsk(news.ask), news));
  connection.subscribe('answer', heard);
  connection.subscribe('answer-failed', heard);
  connection.subscribe('ask-ended', ({ ask }) => asks.set(liveAskOf(ask)));
  connection.subscribe('snapshot', (snapshot) => snapshot.asks.forEach((ask) => asks.set(liveAskOf(ask))));

  function place(id: string, request: AskRequest, keys: readonly string[]): void {
    const entries = request.panes.map((pane, index) => {
      const placing: Placed = { ask: id, index, signature: signatureOf(request, pane) };
      return [keys[index] ?? '', placing] as const;
    });
    placed.value = new Map([...placed.value, ...entries]);
  }

  /** Forgets answers that no pane shows. */
  function tidy(): void {
    const kept = new Set([...placed.value.values()].map(({ ask }) => ask));
    asks.replaceAll([...asks.items.value.values()].filter(({ id, isOver }) => !isOver || kept.has(id)));
  }

  /**
   * Asks; the answers come to the panes of these keys.
   *
   * @throws ApiError
   */
  async function ask(request: AskRequest, keys: readonly string[]): Promise<void> {
    const { id } = await read(askStartedSchema, studio.api.compare.asks.$post({ json: request }));
    // Events may have been quicker than the answer.
    const known = asks.items.value.get(id);
    if (!known) asks.set(newLiveAsk(id, request.panes.length));
    place(id, request, keys);
    tidy();
  }

  /** Shows a question of the history in these panes. */
  function show(past: Ask, keys: readonly string[]): void {
    asks.set(liveAskOf(past));
    placed.value = new Map();
    place(past.id, past.request, keys);
    tidy();
  }

  const running = computed(() => {
    const shown = new Set([...placed.value.values()].map(({ ask: id }) => id));
    return [...asks.items.value.values()].filter(({ id, isOver }) => !isOver && shown.has(id));
  });

  /** Ends what is being answered; what was said so far stays. @throws ApiError */
  async function stop(): Promise<void> {
    await Promise.all(
      running.value.map(({ id }) => read(doneSchema, studio.api.compare.asks[':id'].stop.$post({ param: { id } }))),
    );
  }

  function answerOf(key: string): ShownAnswer | undefined {
    const placing = placed.value.get(key);
    const answer = placing && asks.items.value.get(placing.ask)?.answers[placing.index];
    return answer && { ...answer, ask: placing.ask, signature: placing.signature };
  }

  /** The question that the pane's answer belongs to, where it is over: what can be exported. */
  function endedAsk(key: string | undefined): string | undefined {
    const id = key === undefined ? undefined : placed.value.get(key)?.ask;
    return id !== undefined && asks.items.value.get(id)?.isOver ? id : undefined;
  }

  function clear(): void {
    placed.value = new Map();
    tidy();
  }

  return { ask, show, stop, clear, answerOf, endedAsk, isRunning: computed(() => running.value.length > 0) };
});
