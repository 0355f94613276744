/** A question of the history as a draft that can be read and asked again. Pure. */
import type { Ask } from '../../../../../shared/api/compare.ts';
import { panesOf, type PaneSetting } from '../panes/pane-list.ts';
import type { Sampling, TrayItem } from './draft.ts';

export interface Reopened {
  readonly question: string;
  readonly images: readonly TrayItem[];
  readonly sampling: Sampling;
  readonly panes: PaneSetting[];
}

/** A picture by its media id. */
export function pictureItem(media: string, place: number): TrayItem {
  return { sources: [{ media }], media: [media], label: `Picture ${place + 1}`, kind: 'image' };
}

/**
 * The pictures of a question. One sample of a dataset keeps its source, so that a video stays one; anything else becomes
 * single pictures, in the order the model was shown them.
 */
function imagesOf({ request, media }: Ask): TrayItem[] {
  const [only] = request.images;
  if (only && request.images.length === 1 && 'dataset' in only && media.length > 0) {
    return [{ sources: [only], media, label: 'Sample', kind: media.length > 1 ? 'video' : 'image' }];
  }
  return media.map(pictureItem);
}

export function reopen(past: Ask): Reopened {
  const { question, maxTokens, temperature, topP, seed, panes } = past.request;
  return {
    question,
    images: imagesOf(past),
    sampling: { maxTokens, temperature, topP, seed },
    panes: panesOf(panes),
  };
}
