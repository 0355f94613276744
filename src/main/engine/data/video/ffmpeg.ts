/** ffmpeg and ffprobe, bounded: a list of arguments and no shell, local files alone, no input, so much time and output. */
import { spawn, spawnSync } from 'node:child_process';
import { codeOf, InputError } from '../../../../shared/errors.ts';
import { INSTALL_FFMPEG } from '../../../../shared/ffmpeg.ts';

/** No video can be read on this machine: that is no fault of the file. */
export class FfmpegMissingError extends InputError {
  constructor(file: string, cause: Error) {
    super({ file, rule: 'is a video, and ffmpeg was not found', hint: INSTALL_FFMPEG }, { cause });
  }
}

const PROBE_MS = 60_000;
const DECODE_MS = 120_000;
const MAX_OUTPUT_BYTES = 1 << 20;

/** Containers that name no other file. Playlists and lists for joining are none of them. */
const FORMATS = 'mov,matroska,avi,gif';

/** Larger pictures are not decoded, whatever the header of the file says. */
export const MAX_VIDEO_PIXELS = 36_000_000;

/**
 * The arguments that name an input. The protocol in front of the path keeps a leading `-` from being an option and a
 * colon from being a protocol; `%` means nothing to these formats.
 */
export function inputArguments(file: string): string[] {
  return ['-protocol_whitelist', 'file', '-format_whitelist', FORMATS, '-i', `file:${file}`];
}

/** Asks ffprobe about a file and waits for it. @throws InputError where it is not there, takes too long or refuses the file */
export function ffprobe(file: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(
    'ffprobe',
    ['-v', 'error', ...args, '-of', 'json', ...inputArguments(file)],
    {
      encoding: 'utf8',
      timeout: PROBE_MS,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT_BYTES,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  if (error) throw startProblem(file, error, PROBE_MS);
  if (status !== 0) throw unreadable(file, stderr);
  return stdout;
}

/**
 * Runs ffmpeg in a folder, which its outputs go to. That it fails is seen by what it leaves out.
 *
 * @param file that is read, for messages
 * @returns what it complained about
 * @throws InputError where it is not there or takes too long
 */
export async function ffmpeg(file: string, args: readonly string[], cwd: string): Promise<{ stderr: string }> {
  const child = spawn('ffmpeg', ['-nostdin', '-v', 'error', ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, DECODE_MS);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MAX_OUTPUT_BYTES) stderr += text;
  });
  const failure = await new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve);
    child.once('close', () => resolve(undefined));
  });
  clearTimeout(timer);
  if (failure) throw startProblem(file, failure, DECODE_MS);
  if (isLate) throw tooLong(file, DECODE_MS);
  return { stderr };
}

/** Nearly without loss: small shapes keep their edges and colours. MPEG-4 is in every build, H.264 is not. */
const CODEC = ['-c:v', 'mpeg4', '-q:v', '2', '-pix_fmt', 'yuv420p'];

/**
 * Writes square frames as an MP4 file and waits for it.
 *
 * @param pixels 8-bit sRGB, [frames, size, size, 3]
 * @throws InputError where ffmpeg is not there or cannot encode
 */
export function encodeVideo(file: string, pixels: Uint8Array, { size, rate }: { size: number; rate: number }): void {
  const input = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${size}x${size}`, '-r', String(rate), '-i', 'pipe:0'];
  const { error, status, stderr } = spawnSync(
    'ffmpeg',
    ['-v', 'error', ...input, ...CODEC, '-fflags', '+bitexact', '-flags:v', '+bitexact', `file:${file}`],
    { input: pixels, encoding: 'utf8', timeout: DECODE_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES },
  );
  if (error) throw startProblem(file, error, DECODE_MS);
  if (status !== 0) throw new InputError({ file, rule: `the video cannot be written (${reason(stderr, file)})` });
}

function startProblem(file: string, error: Error, limitMs: number): InputError {
  if (codeOf(error) === 'ETIMEDOUT') return tooLong(file, limitMs);
  if (codeOf(error) !== 'ENOENT') return unreadable(file, error.message);
  return new FfmpegMissingError(file, error);
}

function tooLong(file: string, limitMs: number): InputError {
  const rule = `the video takes more than ${limitMs / 1000} s to read`;
  return new InputError({ file, rule, hint: 'Cut it, or give its frames as a folder of pictures' });
}

/** The error of a video that ffmpeg refuses, in its own words. */
export function unreadable(file: string, stderr: string): InputError {
  const lines = stderr.trim().split('\n');
  const decoder = lines.find((line) =>
    /decoder.*not found|no decoder|could not find codec parameters.*unknown codec/i.test(line),
  );
  if (decoder !== undefined) {
    const rule = `this ffmpeg has no decoder for the video (${reason(decoder, file)})`;
    return new InputError({ file, rule, hint: 'Convert it to H.264, or install an ffmpeg with that decoder' });
  }
  return new InputError({ file, rule: `the video is damaged or cut off (${reason(lines[0] ?? '', file)})` });
}

/** Without the place in ffmpeg's code and the path, which is named anyway. */
const reason = (line: string, file: string): string =>
  line
    .replaceAll(`file:${file}: `, '')
    .replace(/^\[[^\]]*\]\s*/, '')
    .trim()
    .slice(0, 200) || 'ffmpeg gives no reason';
