/** From a sample of a dataset to the pictures and the question of the screen. Pure. */
import type { SampleMedia } from '../../../../../shared/api/datasets.ts';
import type { TrayItem } from '../state/draft.ts';

interface PickedSample {
  readonly index: number;
  readonly id: string;
  readonly media: readonly SampleMedia[];
}

/**
 * The pictures of a sample as one item of the tray; undefined where it has none, or where they are not there.
 *
 * @param name of the dataset
 */
export function sampleTrayItem(
  dataset: string,
  name: string,
  { index, id, media }: PickedSample,
): TrayItem | undefined {
  const ids = media.flatMap((item) => item.ids);
  if (ids.length === 0) return undefined;
  const kind = media.some((item) => item.kind === 'video') ? 'video' : 'image';
  return { sources: [{ dataset, sample: index }], media: ids, label: `${name} ${id}`, kind };
}
