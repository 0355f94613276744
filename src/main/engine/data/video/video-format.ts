import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { InputError } from '../../../../shared/errors.ts';

const HEAD_BYTES = 64;
/** Larger files are not looked at. */
const MAX_VIDEO_BYTES = 4_000_000_000;

const SIGNATURES: readonly RegExp[] = [
  // MP4, MOV, M4V: a first box of one of these types.
  /^[^]{4}(?:ftyp|moov|mdat|wide|free|skip|pnot)/,
  // Matroska and WebM.
  // eslint-disable-next-line no-control-regex -- the signature holds it
  /^\x1aE\xdf\xa3/,
  /^RIFF[^]{4}AVI /,
  /^GIF8[79]a/,
];

/** Files that only name others: ffmpeg would open those. */
const PLAYLIST = /^(?:\xef\xbb\xbf)?\s*(?:#EXTM3U|ffconcat|file\s|<\?xml|<MPD|<smil|\[playlist\]|https?:)/i;

/**
 * Checks that a file is a video by its first bytes, whatever its name says.
 *
 * @throws InputError naming the file: empty, too large, a playlist, or no video of a known kind
 */
export function checkVideoFormat(file: string): void {
  const { size } = statSync(file);
  if (size === 0) throw new InputError({ file, rule: 'the video file is empty (0 bytes)' });
  if (size > MAX_VIDEO_BYTES) {
    const rule = `must have at most ${MAX_VIDEO_BYTES / 1e9} GB`;
    throw new InputError({ file, rule, value: `${(size / 1e9).toFixed(1)} GB`, hint: 'Cut the video' });
  }
  const head = headOf(file);
  if (SIGNATURES.some((signature) => signature.test(head))) return;
  const hint = 'MP4, MOV, WebM, MKV, AVI and GIF are accepted, told by content, not by name';
  if (PLAYLIST.test(head)) {
    throw new InputError({ file, rule: 'is a playlist that names other files, not a video', hint });
  }
  throw new InputError({ file, rule: 'is not a video that can be read', hint });
}

function headOf(file: string): string {
  const bytes = Buffer.alloc(HEAD_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    return bytes.subarray(0, readSync(descriptor, bytes, 0, HEAD_BYTES, 0)).toString('latin1');
  } finally {
    closeSync(descriptor);
  }
}
