import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * How glibc's allocator serves tensors. By default it asks the kernel for every block above 32 MB and gives it back at once, so each
 * large tensor is page-faulted in again, 4 kB at a time: that, and not arithmetic, was most of the time of big element-wise ops
 * (softmax over 16x640x640 on two cores: 66 ms by default, 10 ms with these). `mmap_max=0` serves large blocks from the heap,
 * `trim_threshold` (16 GiB) keeps freed ones in the process, and `hugetlb=1` backs the heap by transparent huge pages.
 */
const GLIBC_TUNABLES = [
  'glibc.malloc.hugetlb=1',
  'glibc.malloc.mmap_max=0',
  `glibc.malloc.trim_threshold=${String(16 * 2 ** 30)}`,
].join(':');

/**
 * oneDNN's kernels: batched matrix products twice as fast as TensorFlow's own. TensorFlow turns them on by itself on newer
 * processors only; always on, a run computes the same way on more machines.
 */
const ONEDNN = '1';

/**
 * The environment every process that loads TensorFlow starts with: `fork(entry, [], { env: engineEnvironment(), execArgv: ENGINE_EXEC_ARGV })`.
 * The allocator reads its settings once, before `main`: setting them in a running process has no effect.
 * A value the user has set wins. Systems without glibc ignore its variable.
 */
export function engineEnvironment(base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const allocator = process.platform === 'linux' ? { GLIBC_TUNABLES } : {};
  return { TF_CPP_MIN_LOG_LEVEL: '3', TF_ENABLE_ONEDNN_OPTS: ONEDNN, ...allocator, ...base };
}

/**
 * Node options of an engine process. From a checkout it runs TypeScript, from any working directory and however the parent was
 * started; what was built (`scripts/setup/build-app.mjs`) is JavaScript, as is this file then.
 */
export const ENGINE_EXEC_ARGV: readonly string[] = import.meta.url.endsWith('.ts')
  ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href]
  : [];
