/** Pictures from the user's machine into the studio. */
import { MAX_UPLOAD_BYTES, uploadSchema } from '../../../../../shared/api/media.ts';
import { read } from '../../../api/client.ts';
import { formatBytes } from '../../../format.ts';
import type { TrayItem } from '../state/draft.ts';

const isImage = ({ type, name }: File): boolean =>
  type.startsWith('image/') || /\.(png|jpe?g|webp|gif|bmp|tiff?)$/i.test(name);

/** Pictures among files that were dropped, pasted or picked, and a word about the rest. */
export function sortFiles(files: readonly File[]): { pictures: File[]; refused: string[] } {
  const pictures: File[] = [];
  const refused: string[] = [];
  for (const file of files) {
    if (!isImage(file)) refused.push(`${file.name} is no picture.`);
    else if (file.size > MAX_UPLOAD_BYTES)
      refused.push(`${file.name} is larger than ${formatBytes(MAX_UPLOAD_BYTES)}.`);
    else pictures.push(file);
  }
  return { pictures, refused };
}

/** Uploads one picture. @throws ApiError where the studio cannot read it */
export async function uploadPicture(file: Blob, label: string): Promise<TrayItem> {
  const request = fetch('/api/uploads', {
    method: 'POST',
    body: file,
    headers: { 'Content-Type': file.type || 'application/octet-stream' },
  });
  const { id } = await read(uploadSchema, request);
  return { source: { media: id }, media: [id], label, kind: 'image' };
}
