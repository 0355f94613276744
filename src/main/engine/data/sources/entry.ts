/**
 * The process that makes and checks datasets: `fork(this file, [JSON of a job])`. It needs no TensorFlow, tells its
 * parent what it does (src/shared/dataset-source.ts) and leaves when the parent is gone.
 */
import {
  datasetJobSchema,
  type CheckedDataset,
  type DatasetJob,
  type DatasetMessage,
  type SourceProgress,
} from '../../../../shared/dataset-source.ts';
import { InputError } from '../../../../shared/errors.ts';
import { importBenchmark } from '../benchmarks/import-benchmark.ts';
import { checkConversations } from '../conversation-check.ts';
import { indexDataset } from '../dataset-index.ts';
import { readDataset } from '../dataset-reader.ts';
import { countSampleTokens } from '../sample-tokens.ts';
import type { DatasetManifest } from './dataset-folder.ts';
import { frameAddresses, pictureFile } from '../video/video-frames.ts';
import { getEasyVqa } from './easy-vqa.ts';
import { getShapes } from './shapes/shapes.ts';

const SHOWN_BROKEN_SAMPLES = 20;
const INTERRUPTED = 130;

const send = (message: DatasetMessage): void => void process.send?.(message);
const onProgress = (progress: SourceProgress): void => send({ type: 'progress', progress });

async function runJob(job: DatasetJob): Promise<DatasetMessage> {
  if (job.kind === 'check') return checkDataset(job);
  if (job.kind === 'index') return { type: 'indexed', ...(await indexDataset(job, onProgress)) };
  if (job.kind === 'tokens') return countSampleTokens(job);
  if (job.kind === 'conversation') return checkConversations(job);
  if (job.kind === 'benchmark') {
    const { leftOut, ...provided } = await importBenchmark(job, onProgress);
    return { ...providedMessage(job.folder, provided), leftOut };
  }
  if (job.kind === 'frames') return { type: 'frames', videos: await Promise.all(decodeVideos(job)) };
  const { folder, replace } = job;
  const provided =
    job.kind === 'easy-vqa'
      ? await getEasyVqa({ folder, replace, ...(job.wheel === undefined ? {} : { wheel: job.wheel }) }, onProgress)
      : await getShapes({ folder, replace, ...job.options }, onProgress);
  return providedMessage(folder, provided);
}

function providedMessage(
  folder: string,
  { manifest, reused }: { readonly manifest: DatasetManifest; readonly reused: boolean },
): Extract<DatasetMessage, { type: 'provided' }> {
  const { licence, splits, images } = manifest;
  return { type: 'provided', folder, reused, licence, splits, pictures: { count: images.count, bytes: images.bytes } };
}

type FramesJob = Extract<DatasetJob, { kind: 'frames' }>;
type DecodedVideo = Extract<DatasetMessage, { type: 'frames' }>['videos'][number];

function decodeVideos({ videos, frames }: FramesJob): Promise<DecodedVideo>[] {
  return videos.map(async (file) => {
    try {
      return await Promise.all(frameAddresses(file, frames).map(pictureFile));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return error.problem;
    }
  });
}

function checkDataset({ file, images }: Extract<DatasetJob, { kind: 'check' }>): CheckedDataset {
  const { samples, broken } = readDataset(file, images === undefined ? {} : { images });
  const counts = { text: 0, image: 0, video: 0 };
  let turns = 0;
  for (let i = 0; i < samples.length; i++) {
    const facts = samples.facts(i);
    counts[facts.modality] += 1;
    turns += facts.turns;
  }
  samples.close();
  const first = broken.slice(0, SHOWN_BROKEN_SAMPLES);
  return { type: 'checked', samples: counts, turns, broken: { count: broken.length, first } };
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(INTERRUPTED));
process.once('disconnect', () => process.exit(INTERRUPTED));

try {
  send(await runJob(datasetJobSchema.parse(JSON.parse(process.argv[2] ?? 'null'))));
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  send({ type: 'refused', problem: error.problem });
}
// The channel would keep the process alive; what was sent is delivered before it closes.
process.removeAllListeners('disconnect');
process.disconnect?.();
