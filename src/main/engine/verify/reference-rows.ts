import { parseCompression, type Compression } from '../../../shared/compression.ts';
import { InputError } from '../../../shared/errors.ts';
import { IGNORED_LABEL, type EncodedRow, type VisualGroup } from '../data/batch.ts';
import type { CaseFolder, HostIntegers } from './case-folder.ts';
import type { PerRow, ReferenceCase } from './case-schema.ts';

/** Rows of a reference batch and the images they show. */
export interface ReferenceRows {
  readonly rows: readonly EncodedRow[];
  /** Index into the case's images for each visual group, over all rows in order. */
  readonly images: readonly number[];
}

/** The setting that a stage name of the case means: `none`, `2_4`, `-1_4`. */
export function stageCompression(stage: string): Compression {
  return parseCompression(stage.replace('_', '/'));
}

/** Spans of image tokens, cut into images of equal length. */
function visualGroups(
  ids: Int32Array,
  { image_token_id, visual_tokens_per_image }: ReferenceCase['model'],
): VisualGroup[] {
  const groups: VisualGroup[] = [];
  for (let start = ids.indexOf(image_token_id); start >= 0;) {
    groups.push({ start, length: visual_tokens_per_image });
    start = ids.indexOf(image_token_id, start + visual_tokens_per_image);
  }
  return groups;
}

function imagesOfRows(given: PerRow, rows: number): number[][] {
  if (given.every((entry) => Array.isArray(entry)) && given.length === rows) return given;
  return [given as number[]];
}

/** Length of each row: by the mask where there is one, else without the padding at its end. */
function rowLengths(ids: HostIntegers, mask: HostIntegers | undefined, pad: number | null): number[] {
  const [count, width] = ids.shape as [number, number];
  return Array.from({ length: count }, (_, b) => {
    if (mask) return mask.data.subarray(b * width, (b + 1) * width).reduce((sum, value) => sum + value, 0);
    let end = width;
    while (end > 0 && ids.data[b * width + end - 1] === pad) end--;
    return end;
  });
}

interface RowTensors {
  readonly file: string;
  readonly inputIds: string;
  readonly labels?: string;
  readonly attentionMask?: string;
}

/** Encoded rows from the tensors of a case; without labels nothing is supervised. @throws InputError where they disagree. */
export async function referenceRows(folder: CaseFolder, names: RowTensors, imageOfRow: PerRow): Promise<ReferenceRows> {
  const raw = await folder.integers(names.file, names.inputIds);
  const ids = raw.shape.length === 1 ? { ...raw, shape: [1, ...raw.shape] } : raw;
  const labels = names.labels ? (await folder.integers(names.file, names.labels)).data : undefined;
  const mask = names.attentionMask ? await folder.integers(names.file, names.attentionMask) : undefined;
  const width = ids.shape[1] as number;
  const lengths = rowLengths(ids, mask, folder.info.model.pad);
  const rows = lengths.map((length, b): EncodedRow => {
    const tokenIds = ids.data.slice(b * width, b * width + length);
    return {
      id: `${names.inputIds}[${b}]`,
      tokenIds,
      labels: labels?.slice(b * width, b * width + length) ?? new Int32Array(length).fill(IGNORED_LABEL),
      groups: visualGroups(tokenIds, folder.info.model),
    };
  });
  const images = imagesOfRows(imageOfRow, rows.length);
  rows.forEach((row, b) => {
    if (row.groups.length !== images[b]?.length)
      throw new InputError({
        file: folder.path(names.file),
        field: row.id,
        value: row.groups.length,
        rule: `must show the ${images[b]?.length} images that case.json lists`,
      });
  });
  return { rows, images: images.flat() };
}
