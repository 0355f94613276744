/** Pictures and videos from the user's machine into the studio. */
import { MAX_UPLOAD_BYTES, uploadSchema } from '../../../../../shared/api/media.ts';
import { read } from '../../../api/client.ts';
import { formatBytes } from '../../../format.ts';
import type { TrayItem } from '../state/draft.ts';
import { videoFrames } from './video-frames.ts';

const isVideo = ({ type, name }: File): boolean => type.startsWith('video/') || /\.(mp4|webm|mov|mkv|m4v)$/i.test(name);
const isPicture = ({ type, name }: File): boolean =>
  type.startsWith('image/') || /\.(png|jpe?g|webp|gif|bmp|tiff?)$/i.test(name);

/** Files that were dropped, pasted or picked: those that can be shown to a model, and a word about the rest. */
export function sortFiles(files: readonly File[]): { usable: File[]; refused: string[] } {
  const usable: File[] = [];
  const refused: string[] = [];
  for (const file of files) {
    if (isVideo(file)) usable.push(file);
    else if (!isPicture(file)) refused.push(`${file.name} is neither a picture nor a video.`);
    else if (file.size > MAX_UPLOAD_BYTES)
      refused.push(`${file.name} is larger than ${formatBytes(MAX_UPLOAD_BYTES)}.`);
    else usable.push(file);
  }
  return { usable, refused };
}

async function upload(picture: Blob): Promise<string> {
  const headers = { 'Content-Type': picture.type || 'application/octet-stream' };
  const { id } = await read(uploadSchema, fetch('/api/uploads', { method: 'POST', body: picture, headers }));
  return id;
}

/**
 * Uploads a picture, or the frames of a video.
 *
 * @throws ApiError where the studio cannot read it, Error where the browser cannot decode the video
 */
export async function uploadFile(file: File): Promise<TrayItem> {
  const pictures = isVideo(file) ? await videoFrames(file) : [file];
  const media: string[] = [];
  for (const picture of pictures) media.push(await upload(picture));
  return {
    sources: media.map((id) => ({ media: id })),
    media,
    label: file.name || 'pasted picture',
    kind: isVideo(file) ? 'video' : 'image',
  };
}
