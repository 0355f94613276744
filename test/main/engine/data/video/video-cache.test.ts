import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { noteWritten, videoFolder } from '../../../../../src/main/engine/data/video/video-cache.ts';
import { temporaryFolder } from '../../../../helpers/temporary-folder.ts';

/** A video with so much in its folder, last used so many seconds ago. */
function cached(folder: string, name: string, bytes: number, secondsAgo: number): string {
  const file = join(folder, name);
  writeFileSync(file, name);
  const frames = videoFolder(file);
  mkdirSync(join(frames, '8'), { recursive: true });
  writeFileSync(join(frames, '8', '0.png'), Buffer.alloc(bytes));
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(frames, then, then);
  return frames;
}

function ownCache(): string {
  const folder = temporaryFolder();
  vi.stubEnv('XDG_CACHE_HOME', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  return folder;
}

it('gives a video another folder once the file has changed', () => {
  const file = join(ownCache(), 'a.mp4');
  writeFileSync(file, 'one');
  const before = videoFolder(file);
  expect(videoFolder(file)).toBe(before);
  writeFileSync(file, 'longer');
  const grown = videoFolder(file);
  utimesSync(file, 1, 1);
  expect(new Set([before, grown, videoFolder(file)]).size).toBe(3);
});

it('drops the videos that were used least recently, down to nine tenths of the limit', () => {
  const folder = ownCache();
  const [old, middle, recent] = [
    cached(folder, 'old', 400, 30),
    cached(folder, 'middle', 400, 20),
    cached(folder, 'recent', 400, 10),
  ];
  noteWritten(0, 1200);
  expect([old, middle, recent].map((path) => existsSync(path))).toEqual([true, true, true]);
  noteWritten(0, 1199);
  expect([old, middle, recent].map((path) => existsSync(path))).toEqual([false, true, true]);
  noteWritten(0, 400);
  expect([middle, recent].map((path) => existsSync(path))).toEqual([false, false]);
  expect(existsSync(dirname(recent))).toBe(true);
});
