import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { decodeImage } from '../../../../../src/main/engine/data/image.ts';
import { frameAddresses, pictureFile } from '../../../../../src/main/engine/data/video/video-frames.ts';
import type { FrameSampling } from '../../../../../src/shared/frames.ts';
import { describeWithFfmpeg, runFfmpeg, shownFrame, writeVideo } from '../../../../helpers/video.ts';

let folder = '';
const path = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'llavolta-video-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

/** Keeps the test out of the user's cache. */
const ownCache = (): void => void vi.stubEnv('XDG_CACHE_HOME', path('cache'));

async function framesOf(file: string, sampling: FrameSampling = 8): Promise<number[]> {
  ownCache();
  const frames: number[] = [];
  for (const address of frameAddresses(file, sampling)) frames.push(await shownFrame(await pictureFile(address)));
  return frames;
}

async function messageOf(file: string): Promise<string> {
  return framesOf(file).then(
    () => 'no problem',
    (error: unknown) => (error as Error).message,
  );
}

describeWithFfmpeg('the frames of a video file', () => {
  beforeAll(() => writeVideo(path('20.mp4'), { frames: 20 }));

  // floor(i · 19 / 7) for i = 0 … 7.
  it('are spread evenly, first and last included', async () => {
    expect(await framesOf(path('20.mp4'))).toEqual([0, 2, 5, 8, 10, 13, 16, 19]);
  });
  it('are so many a second, or fewer where there would be too many', async () => {
    expect(await framesOf(path('20.mp4'), { fps: 4, maximum: 10 })).toEqual([0, 2, 5, 7, 10, 12, 15, 17]);
    expect(await framesOf(path('20.mp4'), { fps: 4, maximum: 2 })).toEqual([0, 19]);
  });
  it('are all there are where there are fewer', async () => {
    writeVideo(path('3.mp4'), { frames: 3 });
    expect(await framesOf(path('3.mp4'))).toEqual([0, 1, 2]);
  });
  it.each(['a.webm', 'a.mkv', 'a.mov', 'a.avi'])('are read from %s', async (name) => {
    const args = name.endsWith('webm') ? ['-c:v', 'libvpx', '-b:v', '1M'] : [];
    writeVideo(path(name), { frames: 9, args });
    expect(await framesOf(path(name), 3)).toEqual([0, 4, 8]);
  });
  it('are read from an animated GIF', async () => {
    writeVideo(path('a.gif'), { frames: 9, args: ['-c:v', 'gif', '-pix_fmt', 'gray'] });
    expect(await framesOf(path('a.gif'), 3)).toEqual([0, 4, 8]);
  });
  it('are told by content, not by name, and names are no options or patterns', async () => {
    for (const name of ['-i.mp4', '%03d.mp4', "it's [a]: film", 'plain.txt']) {
      copyFileSync(path('20.mp4'), path(name));
      expect(await framesOf(path(name), 2)).toEqual([0, 19]);
    }
  });
  it('are turned as the file says', async () => {
    runFfmpeg(['-i', path('3.mp4'), '-c', 'copy', '-metadata:s:v:0', 'rotate=90', path('turned.mp4')]);
    ownCache();
    const [first = ''] = frameAddresses(path('turned.mp4'), 1);
    expect(await decodeImage(first)).toMatchObject({ width: 16, height: 32 });
  });
  it('are scaled down to 1024 pixels', async () => {
    writeVideo(path('wide.mp4'), { frames: 1, width: 1600, height: 800 });
    ownCache();
    const [first = ''] = frameAddresses(path('wide.mp4'), 1);
    expect(await sharp(await pictureFile(first)).metadata()).toMatchObject({ width: 1024, height: 512 });
  });
  it('are those before a damaged end, shared out anew', async () => {
    writeVideo(path('whole.avi'), { frames: 20 });
    const whole = readFileSync(path('whole.avi'));
    // The last ten frames lose their pictures but stay listed: each begins with 00dc.
    const starts = [...whole.toString('latin1').matchAll(/00dc/g)].map(({ index }) => index).slice(0, 20);
    whole.fill(0, (starts[10] as number) + 8, (starts[19] as number) - 8);
    writeFileSync(path('damaged.avi'), whole);
    const frames = await framesOf(path('damaged.avi'), 4);
    expect(frames).toHaveLength(4);
    expect(frames.slice(0, 2)).toEqual([0, 3]);
  });
  it('are decoded once', async () => {
    ownCache();
    const [first = ''] = frameAddresses(path('20.mp4'), 5);
    const file = await pictureFile(first);
    writeFileSync(file, 'kept');
    expect(readFileSync(await pictureFile(first), 'utf8')).toBe('kept');
  });
});

describeWithFfmpeg('a file that is no video that can be read', () => {
  const sound = ['-f', 'lavfi', '-i', 'sine=duration=0.2'];

  it.each<[string, string | Buffer, RegExp]>([
    ['empty.mp4', '', /empty\.mp4: the video file is empty \(0 bytes\)/],
    ['text.mp4', 'just words', /text\.mp4: is not a video that can be read/],
    ['list.m3u8', '#EXTM3U\n#EXTINF:1,\n20.mp4\n', /is a playlist that names other files/],
    ['list.mp4', "ffconcat version 1.0\nfile '20.mp4'\n", /is a playlist that names other files/],
    ['list.txt', "file '20.mp4'\n", /is a playlist that names other files/],
    ['box.mp4', Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom'), /the video is damaged or cut off/],
  ])('%s', async (name, content, message) => {
    writeFileSync(path(name), content);
    expect(await messageOf(path(name))).toMatch(message);
  });
  it('sound alone', async () => {
    runFfmpeg([...sound, path('sound.mp4')]);
    expect(await messageOf(path('sound.mp4'))).toMatch(/sound\.mp4: holds no pictures/);
  });
  it('cut off before its index', async () => {
    copyFileSync(path('20.mp4'), path('cut.mp4'));
    truncateSync(path('cut.mp4'), 300);
    expect(await messageOf(path('cut.mp4'))).toMatch(
      /cut\.mp4: the video is damaged or cut off \(.*moov atom not found/,
    );
  });
  it('a codec without a decoder', async () => {
    const programs = path('programs');
    mkdirSync(programs);
    const answer = '{"streams":[{"width":8,"height":8,"nb_read_packets":"2"}]}';
    writeFileSync(join(programs, 'ffprobe'), `#!/bin/sh\necho '${answer}'\n`);
    writeFileSync(
      join(programs, 'ffmpeg'),
      '#!/bin/sh\necho "Decoder (codec hevc) not found for input stream #0:0" >&2\nexit 1\n',
    );
    for (const name of ['ffprobe', 'ffmpeg']) chmodSync(join(programs, name), 0o755);
    copyFileSync(path('20.mp4'), path('hevc.mp4'));
    vi.stubEnv('PATH', `${programs}:/usr/bin:/bin`);
    expect(await messageOf(path('hevc.mp4'))).toMatch(/hevc\.mp4: this ffmpeg has no decoder for the video .*hevc/);
  });
  it('any, where ffmpeg is not there', async () => {
    copyFileSync(path('20.mp4'), path('alone.mp4'));
    vi.stubEnv('PATH', path('nowhere'));
    expect(await messageOf(path('alone.mp4'))).toMatch(
      /alone\.mp4: is a video, and ffmpeg was not found\. Install ffmpeg/,
    );
  });
});
