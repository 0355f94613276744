import type { ImageType } from '../../../shared/api/media.ts';

const SIGNATURES: readonly (readonly [ImageType, RegExp])[] = [
  ['image/jpeg', /^\xff\xd8\xff/],
  // eslint-disable-next-line no-control-regex -- the signature holds it
  ['image/png', /^\x89PNG\r\n\x1a\n/],
  ['image/webp', /^RIFF[^]{4}WEBP/],
  ['image/gif', /^GIF8[79]a/],
  ['image/bmp', /^BM/],
  ['image/tiff', /^(?:II\*\0|MM\0\*)/],
];

/** The type that the first bytes of a file show, whatever its name says; undefined for anything else, SVG among it. */
export function imageType(head: Uint8Array): ImageType | undefined {
  const text = Buffer.from(head.subarray(0, 16)).toString('latin1');
  return SIGNATURES.find(([, signature]) => signature.test(text))?.[0];
}
