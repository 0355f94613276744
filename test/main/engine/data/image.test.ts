import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../../../src/main/engine/data/image.ts';
import { plainCanvas, resample } from '../../../../src/main/engine/data/resample.ts';
import { InputError } from '../../../../src/shared/errors.ts';

interface Expected {
  readonly decoded: Record<string, { width: number; height: number; rgb: string }>;
  readonly resized: {
    width: number;
    height: number;
    toWidth: number;
    toHeight: number;
    rgb: string;
    resized: string;
  }[];
}
const golden = join(import.meta.dirname, '../../../golden/images');
const expected = JSON.parse(readFileSync(join(golden, 'expected.json'), 'utf8')) as Expected;
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-image-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

function pngChunk(kind: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(data.length, 0);
  numbers.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([numbers.subarray(0, 4), body, numbers.subarray(4)]);
}

/** A PNG whose header promises more than its data holds. */
function png(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  const data = pngChunk('IDAT', deflateSync(new Uint8Array(100)));
  return Buffer.concat([signature, pngChunk('IHDR', header), data, pngChunk('IEND', new Uint8Array())]);
}

describe('decodeImage', () => {
  it.each(Object.entries(expected.decoded))('sees %s as Pillow does', async (name, { width, height, rgb }) => {
    const image = await decodeImage(join(golden, name));
    expect([image.width, image.height]).toEqual([width, height]);
    expect(new Uint8Array(image.pixels)).toEqual(bytes(rgb));
  });

  it('takes one pixel', async () => {
    const sharp = (await import('sharp')).default;
    const file = write(
      'one.png',
      await sharp({ create: { width: 1, height: 1, channels: 3, background: '#102030' } })
        .png()
        .toBuffer(),
    );
    expect(await decodeImage(file)).toMatchObject({ width: 1, height: 1, pixels: Buffer.from([16, 32, 48]) });
  });

  it('keeps the high byte of 16-bit grey', async () => {
    const sharp = (await import('sharp')).default;
    const grey = Uint16Array.from([0x0102, 0x8000, 0xfffe]);
    const raw = { width: 3, height: 1, channels: 1 } as const;
    const file = write('grey16.png', await sharp(grey, { raw }).toColourspace('grey16').png().toBuffer());
    expect([...(await decodeImage(file)).pixels]).toEqual([1, 1, 1, 128, 128, 128, 255, 255, 255]);
  });

  const jpeg = readFileSync(join(golden, 'rgb.jpg'));
  const whole = readFileSync(join(golden, 'rgb.png'));
  it.each<[string, string, string | Uint8Array, string]>([
    ['0 bytes', 'a.png', '', 'is empty (0 bytes)'],
    [
      'an SVG named .png',
      'b.png',
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
      'is an SVG drawing',
    ],
    ['an SVG with an XML head', 'c.png', '\ufeff<?xml version="1.0"?><svg/>', 'is an SVG drawing'],
    ['text', 'd.jpg', 'no image', 'is not an image that can be read'],
    ['a PDF', 'e.png', '%PDF-1.4', 'is not an image that can be read'],
    ['a truncated JPEG', 'f.jpg', jpeg.subarray(0, jpeg.length - 60), 'damaged or cut off'],
    ['a JPEG of three bytes', 'g.jpg', jpeg.subarray(0, 3), 'damaged or cut off'],
    ['a truncated PNG', 'h.png', whole.subarray(0, 60), 'damaged or cut off'],
    ['a bomb', 'i.png', png(65535, 65535), 'size: must have 50 million pixels or fewer (found "65535 x 65535")'],
    ['a line', 'j.png', png(1, 20000), 'must not be more than 200 times as long as wide (found "1 x 20000")'],
  ])('refuses %s', async (_, name, content, rule) => {
    const error: unknown = await decodeImage(write(name, content)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain(rule);
    expect((error as Error).message).toContain(name);
  });

  it('names a missing file', async () => {
    await expect(decodeImage(join(folder, 'none.png'))).rejects.toThrow(
      /none\.png: the image cannot be read \(ENOENT\)/,
    );
  });

  it('tells the format by content, not by name', async () => {
    expect((await decodeImage(write('really-a-jpeg.png', jpeg))).width).toBe(13);
  });
});

describe('resample', () => {
  it.each(expected.resized)('equals Pillow: $width x $height to $toWidth x $toHeight', (one) => {
    const image = { width: one.width, height: one.height, pixels: bytes(one.rgb) };
    const target = { width: one.toWidth, height: one.toHeight };
    expect(resample(image, plainCanvas(image), target, { left: 0, top: 0, ...target })).toEqual(bytes(one.resized));
  });

  it('computes a crop as part of the whole', () => {
    const one = expected.resized[2] as Expected['resized'][number];
    const image = { width: one.width, height: one.height, pixels: bytes(one.rgb) };
    const target = { width: one.toWidth, height: one.toHeight };
    const crop = resample(image, plainCanvas(image), target, { left: 5, top: 3, width: 4, height: 6 });
    const whole = bytes(one.resized);
    const rows = Array.from({ length: 6 }, (_, y) => [
      ...whole.subarray(((y + 3) * 29 + 5) * 3, ((y + 3) * 29 + 9) * 3),
    ]);
    expect([...crop]).toEqual(rows.flat());
  });
});
