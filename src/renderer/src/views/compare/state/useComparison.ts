/** What the panes show together: which answers are out of date, which words differ, whether asking is possible. */
import { computed, ref } from 'vue';
import type { Ask } from '../../../../../shared/api/compare.ts';
import type { AnswerStats } from '../../../../../shared/answer.ts';
import { useModels } from '../../../stores/models.ts';
import { useToasts } from '../../../stores/toasts.ts';
import { paneTokens } from '../overlay/pane-tokens.ts';
import { nextCompression, panesOf, type PaneSetting } from '../panes/pane-list.ts';
import { compareWords, describeDifference, firstAnswerWords, type AnswerWord } from '../panes/word-diff.ts';
import { useAsks, type ShownAnswer } from './asks.ts';
import { signatureOf, useDraft, type TrayItem } from './draft.ts';

/** A pane with what it shows. */
export interface PaneView {
  readonly pane: PaneSetting;
  readonly answer: ShownAnswer | undefined;
  readonly isStale: boolean;
  readonly words?: readonly AnswerWord[];
  readonly difference?: string;
  readonly firstStats?: AnswerStats | undefined;
}

/** Words are compared once they are all there: while they come, everything behind the last one would be missing. */
const isComparable = (answer: ShownAnswer | undefined): answer is ShownAnswer =>
  answer?.state === 'ended' && answer.text.trim() !== '';

const pictureItem = (media: string, place: number): TrayItem => ({
  source: { media },
  media: [media],
  label: `Picture ${place + 1}`,
  kind: 'image',
});

export function useComparison() {
  const draft = useDraft();
  const asks = useAsks();
  const models = useModels();
  const toasts = useToasts();
  const marksWords = ref(true);
  const isSending = ref(false);

  const answered = computed(() =>
    draft.panes.map((pane) => {
      const answer = asks.answerOf(pane.key);
      const isStale = answer !== undefined && answer.signature !== signatureOf(draft.request, pane);
      return { pane, answer, isStale };
    }),
  );
  const views = computed<PaneView[]>(() => {
    const [first, ...others] = answered.value;
    if (!first) return [];
    const firstStats = first.answer?.stats;
    const firstText = isComparable(first.answer) ? first.answer.text : undefined;
    const compared = others.map((view) => {
      if (firstText === undefined || !isComparable(view.answer)) return { view };
      return { view, comparison: compareWords(firstText, view.answer.text) };
    });
    const comparisons = compared.flatMap(({ comparison }) => comparison ?? []);
    const marked = marksWords.value && firstText !== undefined && comparisons.length > 0;
    return [
      { ...first, ...(marked ? { words: firstAnswerWords(firstText, comparisons) } : {}) },
      ...compared.map(({ view, comparison }) => ({
        ...view,
        firstStats,
        ...(comparison && marksWords.value ? { words: comparison.words } : {}),
        ...(comparison ? { difference: describeDifference(comparison) } : {}),
      })),
    ];
  });

  /** Why asking is not possible now; undefined where it is. */
  const obstacle = computed(() => {
    if (asks.isRunning || isSending.value) return 'An answer is on its way';
    if (draft.question.trim() === '') return 'Write a question';
    for (const [i, pane] of draft.panes.entries()) {
      const model = models.get(pane.model);
      if (!model) return `Choose a model in pane ${String.fromCharCode(65 + i)}`;
      if (!paneTokens(model, pane.compression, draft.media.length))
        return `Mend the compression of pane ${String.fromCharCode(65 + i)}`;
    }
    return undefined;
  });

  async function send(panes: readonly PaneSetting[], seed = draft.sampling.seed): Promise<void> {
    if (obstacle.value !== undefined) return;
    isSending.value = true;
    try {
      const request = {
        ...draft.request,
        seed,
        panes: panes.map(({ model, compression }) => ({ model, compression })),
      };
      await asks.ask(
        request,
        panes.map(({ key }) => key),
      );
    } catch (error) {
      toasts.showError(error);
    } finally {
      isSending.value = false;
    }
  }

  /** Answers anew: by other random numbers where they are drawn, else the same ones. */
  async function regenerate(): Promise<void> {
    if (draft.sampling.temperature > 0)
      draft.sampling = { ...draft.sampling, seed: (draft.sampling.seed + 1) % 2 ** 32 };
    await send(draft.panes);
  }

  /** Shows a question of the history, to read or to ask again. */
  function open(past: Ask): void {
    const { request, media } = past;
    draft.question = request.question;
    draft.sampling = {
      maxTokens: request.maxTokens,
      temperature: request.temperature,
      topP: request.topP,
      seed: request.seed,
    };
    const isPlain = request.images.every((image) => 'media' in image);
    const [sample] = request.images;
    draft.images =
      !isPlain && request.images.length === 1 && sample
        ? [{ source: sample, media, label: 'Sample', kind: media.length > 1 ? 'video' : 'image' }]
        : media.map(pictureItem);
    draft.panes = panesOf(request.panes);
    asks.show(
      { ...past, request: { ...request, images: draft.request.images ?? [] } },
      draft.panes.map(({ key }) => key),
    );
  }

  /** What a further pane begins with. */
  function nextChoice(): { model: string; compression: string } {
    const last = draft.panes.at(-1);
    const model = models.get(last?.model ?? '') ?? models.answering[0];
    if (!model) return { model: '', compression: 'none' };
    const taken = draft.panes.map(({ compression }) => compression);
    return { model: model.id, compression: nextCompression(taken, model.depth, model.visualTokensPerImage) };
  }

  return { views, obstacle, isSending, marksWords, send, regenerate, open, nextChoice };
}
