/** Pictures and videos from the user's machine into the studio. */
import {
  MAX_UPLOAD_BYTES,
  MAX_VIDEO_UPLOAD_BYTES,
  uploadSchema,
  videoUploadSchema,
} from '../../../../../shared/api/media.ts';
import { read } from '../../../api/client.ts';
import { formatBytes } from '../../../format.ts';
import type { TrayItem } from '../state/draft.ts';

const isVideo = ({ type, name }: File): boolean =>
  type.startsWith('video/') || /\.(mp4|webm|mov|mkv|avi|m4v)$/i.test(name);
const isPicture = ({ type, name }: File): boolean =>
  type.startsWith('image/') || /\.(png|jpe?g|webp|gif|bmp|tiff?)$/i.test(name);

/** Files that were dropped, pasted or picked: those that can be shown to a model, and a word about the rest. */
export function sortFiles(files: readonly File[]): { usable: File[]; refused: string[] } {
  const usable: File[] = [];
  const refused: string[] = [];
  for (const file of files) {
    const limit = isVideo(file) ? MAX_VIDEO_UPLOAD_BYTES : MAX_UPLOAD_BYTES;
    if (!isVideo(file) && !isPicture(file)) refused.push(`${file.name} is neither a picture nor a video.`);
    else if (file.size > limit) refused.push(`${file.name} is larger than ${formatBytes(limit)}.`);
    else usable.push(file);
  }
  return { usable, refused };
}

/** Sends a file. What a browser calls its type is not looked at. */
const send = (path: string, body: File): Promise<Response> =>
  fetch(path, { method: 'POST', body, headers: { 'Content-Type': 'application/octet-stream' } });

async function uploadVideo(file: File, frames: number): Promise<string[]> {
  const answer = await read(videoUploadSchema, send(`/api/uploads/video?frames=${frames}`, file));
  return answer.frames.map(({ id }) => id);
}

/**
 * Uploads a picture, or a video, of which so many frames become pictures.
 *
 * @throws ApiError where the studio cannot read it
 */
export async function uploadFile(file: File, frames: number): Promise<TrayItem> {
  const media = isVideo(file)
    ? await uploadVideo(file, frames)
    : [(await read(uploadSchema, send('/api/uploads', file))).id];
  return {
    sources: media.map((id) => ({ media: id })),
    media,
    label: file.name || 'pasted picture',
    kind: isVideo(file) ? 'video' : 'image',
  };
}
