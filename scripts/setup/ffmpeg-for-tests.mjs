/** ffmpeg for the tests that decode videos. Nothing else needs it: where it cannot be had, those tests are skipped. */
import { say } from './log.mjs';
import { runProcess, tail } from './run-process.mjs';

const LIMIT_MS = 180_000;

/** @param {string} program */
const runs = async (program) => (await runProcess(program, ['-version'], { timeoutMs: LIMIT_MS })).code === 0;

/** Installs Debian's package on machines for tests; elsewhere nothing is changed. @param {NodeJS.ProcessEnv} [environment] */
export async function installFfmpegForTests(environment = process.env) {
  if (environment['CI'] !== 'true' || ((await runs('ffmpeg')) && (await runs('ffprobe')))) return;
  const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '--yes', '--no-install-recommends', 'ffmpeg'];
  let said = '';
  for (const args of [['update'], install]) {
    const { code, output } = await runProcess('apt-get', args, { env, timeoutMs: LIMIT_MS });
    if (code === 0 && args === install) return;
    said = output;
  }
  say(`ffmpeg was not installed, so tests of videos are skipped: ${tail(said, 2)}`);
}
