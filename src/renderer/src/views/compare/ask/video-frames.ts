/** Frames of a video file, decoded by the browser: the model is shown them as pictures in order. */

/** Frames taken of a video: enough to see motion, few enough for a prompt. */
export const FRAMES = 8;
const PATIENCE_MS = 20_000;
const FAR_BEYOND_S = 1e7;

/** Times in seconds of `count` frames, each in the middle of an equal part of the video. */
export function frameTimes(duration: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (duration * (i + 0.5)) / count);
}

/** Waits for an event of the video. @throws Error where it cannot be decoded, or takes too long */
function until(video: HTMLVideoElement, event: 'loadeddata' | 'seeked'): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error('The browser cannot decode this video. Give its frames as pictures.'));
    const timer = setTimeout(fail, PATIENCE_MS);
    const settle = (end: () => void) => (): void => {
      clearTimeout(timer);
      end();
    };
    video.addEventListener(event, settle(resolve), { once: true });
    video.addEventListener('error', settle(fail), { once: true });
  });
}

function drawFrame(video: HTMLVideoElement): Promise<Blob> {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error('A frame of the video could not be drawn.'));
    }, 'image/png');
  });
}

async function seekTo(video: HTMLVideoElement, seconds: number): Promise<void> {
  const seeked = until(video, 'seeked');
  video.currentTime = seconds;
  await seeked;
}

/** Decodes frames spread evenly over a video file. @throws Error where the browser cannot */
export async function videoFrames(file: Blob, count = FRAMES): Promise<Blob[]> {
  const video = document.createElement('video');
  const address = URL.createObjectURL(file);
  Object.assign(video, { muted: true, preload: 'auto', src: address });
  try {
    await until(video, 'loadeddata');
    // Recordings of browsers say how long they are only once their end was looked at.
    if (!Number.isFinite(video.duration)) await seekTo(video, FAR_BEYOND_S);
    if (!Number.isFinite(video.duration))
      throw new Error('The video does not say how long it is. Give its frames as pictures.');
    const frames: Blob[] = [];
    for (const time of frameTimes(video.duration, count)) {
      await seekTo(video, time);
      frames.push(await drawFrame(video));
    }
    return frames;
  } finally {
    video.removeAttribute('src');
    URL.revokeObjectURL(address);
  }
}
