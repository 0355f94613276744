/** The question that is being written: pictures, words, panes and sampling. It survives a reload of the page. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { z } from 'zod';
import {
  askedImageSchema,
  MAX_PANES,
  paneSchema,
  type AskRequest,
  type Pane,
} from '../../../../../shared/api/compare.ts';
import { DEFAULT_FRAMES, MAX_FRAMES } from '../../../../../shared/frames.ts';
import type { PaneSetting } from '../panes/pane-list.ts';

/** A picture of a question, the frames of a video, or all pictures of a dataset's sample. */
const trayItemSchema = z.strictObject({
  sources: z.array(askedImageSchema).min(1),
  /** For `GET /media/:id`, in the order the model is shown them. */
  media: z.array(z.string()).min(1),
  label: z.string(),
  kind: z.enum(['image', 'video']),
});
export type TrayItem = z.infer<typeof trayItemSchema>;

const samplingSchema = z.strictObject({
  maxTokens: z.int().min(1).max(4096).default(128),
  temperature: z.number().min(0).max(100).default(0),
  topP: z.number().gt(0).max(1).default(1),
  seed: z.int().min(0).max(0xffffffff).default(0),
});
export type Sampling = z.infer<typeof samplingSchema>;

const draftSchema = z.strictObject({
  question: z.string().max(20_000).default(''),
  images: z.array(trayItemSchema).max(100).default([]),
  /** Frames that are taken of a video. */
  frames: z.int().min(1).max(MAX_FRAMES).default(DEFAULT_FRAMES),
  panes: z
    .array(z.strictObject({ key: z.string(), ...paneSchema.shape }))
    .max(MAX_PANES)
    .default([]),
  sampling: samplingSchema.prefault({}),
});
type Draft = z.infer<typeof draftSchema>;

const KEY = 'llavolta.compare';

function readDraft(): Draft {
  try {
    return draftSchema.parse(JSON.parse(localStorage.getItem(KEY) ?? '{}'));
  } catch {
    // Written by another version, or damaged: begin anew.
    return draftSchema.parse({});
  }
}

/** What decides an answer, as one text: answers to anything else are out of date. */
export function signatureOf(request: Omit<AskRequest, 'panes'>, pane: Pane): string {
  const { question, images, maxTokens, temperature, topP, seed } = request;
  return JSON.stringify([question.trim(), images, maxTokens, temperature, topP, seed, pane.model, pane.compression]);
}

/** Whether two requests have the same answers in the same panes. */
export function asksTheSame(a: AskRequest, b: AskRequest): boolean {
  const signatures = (request: AskRequest): string[] => request.panes.map((pane) => signatureOf(request, pane));
  return signatures(a).join() === signatures(b).join();
}

export const useDraft = defineStore('compare-draft', () => {
  const stored = readDraft();
  const question = ref(stored.question);
  const images = shallowRef<readonly TrayItem[]>(stored.images);
  const frames = ref(stored.frames);
  const panes = shallowRef<readonly PaneSetting[]>(stored.panes);
  const sampling = ref<Sampling>(stored.sampling);
  watch(
    [question, images, frames, panes, sampling],
    () => {
      const [words, pictures] = [{ question: question.value }, { images: images.value, frames: frames.value }];
      const draft = { ...words, ...pictures, panes: panes.value, sampling: sampling.value };
      localStorage.setItem(KEY, JSON.stringify(draft));
    },
    { deep: true },
  );

  /** All pictures in order, videos as their frames. */
  const media = computed(() => images.value.flatMap((item) => item.media));
  const request = computed<Omit<AskRequest, 'panes'>>(() => ({
    question: question.value.trim(),
    images: images.value.flatMap(({ sources }) => sources),
    ...sampling.value,
  }));
  return { question, images, frames, panes, sampling, media, request };
});
