/** Questions that were asked here: their answers as they come, and which of them each pane shows. */
import { defineStore } from 'pinia';
import { computed } from 'vue';
import { doneSchema } from '../../../../../shared/api/failures.ts';
import { askStartedSchema, type Ask, type AskRequest } from '../../../../../shared/api/compare.ts';
import { read, studio } from '../../../api/client.ts';
import { useConnection } from '../../../api/events.ts';
import { createLiveMap, type LiveMap } from '../../../stores/live-map.ts';
import { hear, liveAskOf, newLiveAsk, type AnswerNews, type LiveAnswer, type LiveAsk } from '../ask/live-asks.ts';
import { createPlacements } from './placements.ts';

/** What a pane shows. */
export interface ShownAnswer extends LiveAnswer {
  /** Of what was asked; see `signatureOf`. */
  readonly signature: string;
}

/** All questions that are heard of, kept up to date by events. */
function listen(): LiveMap<LiveAsk> {
  const asks = createLiveMap<LiveAsk>(({ id }) => id);
  const connection = useConnection();
  const heard = (news: AnswerNews): void => {
    asks.set(hear(asks.items.value.get(news.ask) ?? newLiveAsk(news.ask), news));
  };
  connection.subscribe('answer', heard);
  connection.subscribe('answer-failed', heard);
  connection.subscribe('ask-ended', ({ ask }) => asks.set(liveAskOf(ask)));
  connection.subscribe('snapshot', (snapshot) => snapshot.asks.forEach((ask) => asks.set(liveAskOf(ask))));
  return asks;
}

export const useAsks = defineStore('compare-asks', () => {
  const asks = listen();
  const placements = createPlacements();

  /** Forgets answers that no pane shows. */
  function tidy(): void {
    const kept = [...asks.items.value.values()].filter(({ id, isOver }) => !isOver || placements.asks.value.has(id));
    asks.replaceAll(kept);
  }

  /** Asks; the answers come to the panes of these keys. @throws ApiError */
  async function ask(request: AskRequest, keys: readonly string[]): Promise<void> {
    const { id } = await read(askStartedSchema, studio.api.compare.asks.$post({ json: request }));
    // Events may have been quicker than the answer.
    if (!asks.items.value.has(id)) asks.set(newLiveAsk(id, request.panes.length));
    placements.place(id, request, keys);
    tidy();
  }

  /** Shows a question of the history in these panes. */
  function show(past: Ask, keys: readonly string[]): void {
    asks.set(liveAskOf(past));
    placements.clear();
    placements.place(past.id, past.request, keys);
    tidy();
  }

  const running = computed(() =>
    [...asks.items.value.values()].filter(({ id, isOver }) => !isOver && placements.asks.value.has(id)),
  );

  /** Ends what is being answered; what was said so far stays. @throws ApiError */
  async function stop(): Promise<void> {
    await Promise.all(
      running.value.map(({ id }) => read(doneSchema, studio.api.compare.asks[':id'].stop.$post({ param: { id } }))),
    );
  }

  function answerOf(key: string): ShownAnswer | undefined {
    const placed = placements.of(key);
    const answer = placed && asks.items.value.get(placed.ask)?.answers[placed.index];
    return answer && { ...answer, signature: placed.signature };
  }

  /** The question that a pane's answer belongs to, where it is over: what can be exported. */
  function endedAsk(key: string): string | undefined {
    const id = placements.of(key)?.ask;
    return id !== undefined && asks.items.value.get(id)?.isOver ? id : undefined;
  }

  /** Panes show nothing. */
  function clear(): void {
    placements.clear();
    tidy();
  }

  return { ask, show, stop, clear, answerOf, endedAsk, isRunning: computed(() => running.value.length > 0) };
});
