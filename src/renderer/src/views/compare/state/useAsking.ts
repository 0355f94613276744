/** Asking: whether it is possible, and the ways to do it. */
import { computed, ref } from 'vue';
import type { Ask } from '../../../../../shared/api/compare.ts';
import { useModels } from '../../../stores/models.ts';
import { useToasts } from '../../../stores/toasts.ts';
import { paneTokens } from '../overlay/pane-tokens.ts';
import { nextCompression, paneLetter, type PaneChoice, type PaneSetting } from '../panes/pane-list.ts';
import { useAsks } from './asks.ts';
import { useDraft } from './draft.ts';
import { reopen } from './reopen.ts';

const SEEDS = 2 ** 32;

/** What is wrong with a pane, as what to do about it. */
function usePaneObstacle(): (pane: PaneSetting, place: number) => string | undefined {
  const models = useModels();
  const draft = useDraft();
  return (pane, place) => {
    const model = models.get(pane.model);
    if (!model) return `Choose a model in pane ${paneLetter(place)}`;
    const fits = paneTokens(model, pane.compression, draft.media.length) !== undefined;
    return fits ? undefined : `Choose another compression in pane ${paneLetter(place)}`;
  };
}

/** What a further pane begins with. */
export function useNextChoice(): () => PaneChoice {
  const models = useModels();
  const draft = useDraft();
  return () => {
    const model = models.get(draft.panes.at(-1)?.model ?? '') ?? models.answering[0];
    if (!model) return { model: '', compression: 'none' };
    const taken = draft.panes.map(({ compression }) => compression);
    return { model: model.id, compression: nextCompression(taken, model.depth, model.visualTokensPerImage) };
  };
}

export function useAsking() {
  const draft = useDraft();
  const asks = useAsks();
  const toasts = useToasts();
  const paneObstacle = usePaneObstacle();
  const isSending = ref(false);

  /** Why asking is not possible now, as what to do; undefined where it is. */
  const obstacle = computed(() => {
    if (asks.isRunning || isSending.value) return 'An answer is on its way';
    if (draft.question.trim() === '') return 'Write a question';
    return draft.panes.map(paneObstacle).find((problem) => problem !== undefined);
  });

  /** Asks these panes. */
  async function send(panes: readonly PaneSetting[]): Promise<void> {
    if (obstacle.value !== undefined) return;
    isSending.value = true;
    try {
      const asked = panes.map(({ model, compression }) => ({ model, compression }));
      const keys = panes.map(({ key }) => key);
      await asks.ask({ ...draft.request, panes: asked }, keys);
    } catch (error) {
      toasts.showError(error);
    } finally {
      isSending.value = false;
    }
  }

  /** Asks all anew: with the next seed where answers are drawn at random. */
  async function regenerate(): Promise<void> {
    const { sampling } = draft;
    if (sampling.temperature > 0) draft.sampling = { ...sampling, seed: (sampling.seed + 1) % SEEDS };
    await send(draft.panes);
  }

  /** Shows a question of the history, to read or to ask again. */
  function open(past: Ask): void {
    Object.assign(draft, reopen(past));
    const images = draft.request.images ?? [];
    asks.show(
      { ...past, request: { ...past.request, images } },
      draft.panes.map(({ key }) => key),
    );
  }

  return { obstacle, send, regenerate, open };
}
