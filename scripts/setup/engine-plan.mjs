/**
 * The one place that decides which TensorFlow is used and where it is kept.
 *
 * @typedef {'cpu' | 'gpu'} Variant
 * @typedef {{ project: string, version: string, sha256: string, bytes: number, folders: string[] }} Wheel
 *   `folders`: what is taken out of the wheel, as prefixes of its entries' names
 * @typedef {{ wheels: Wheel[], platformTags: string[], libraries: string[] }} EnginePlan
 *   `libraries`: the TensorFlow libraries to link against, relative to the folder the wheels are unpacked in
 */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const TENSORFLOW_VERSION = '2.21.0';

export const PROJECT_FOLDER = fileURLToPath(new URL('../../', import.meta.url));

/** The package whose addon we build, and where it looks for the addon. */
export const ADDON_PACKAGE = '@tensorflow/tfjs-node-gpu';
export const ADDON_FOLDER = 'lib/napi-v8';
export const ADDON_FILE = 'tfjs_binding.node';

/** The headers of the C API with what they include: 200 of the wheel's 13,000. */
const HEADER_FOLDERS = ['tensorflow/c/', 'tensorflow/core/platform/ctstring', 'tsl/platform/ctstring', 'xla/tsl/c/'];
const TENSORFLOW_FOLDERS = [
  'tensorflow/libtensorflow_cc.',
  'tensorflow/libtensorflow_framework.',
  ...HEADER_FOLDERS.map((folder) => `tensorflow/include/${folder}`),
];

/** @type {(project: string, sha256: string, bytes: number) => Wheel} */
const tensorflowWheel = (project, sha256, bytes) => ({
  project,
  version: TENSORFLOW_VERSION,
  sha256,
  bytes,
  folders: TENSORFLOW_FOLDERS,
});

/** @type {(name: string, version: string, sha256: string, bytes: number) => Wheel} */
const cudaWheel = (name, version, sha256, bytes) => ({
  project: `nvidia-${name}-cu12`,
  version,
  sha256,
  bytes,
  folders: ['nvidia/'],
});

/** The newest versions that the `and-cuda` extra of the tensorflow wheel allows. */
const CUDA_WHEELS = [
  cudaWheel('cublas', '12.9.3.13', 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72', 581217458),
  cudaWheel('cuda-cupti', '12.8.90', 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182', 10248621),
  cudaWheel('cuda-nvcc', '12.9.86', '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0', 40546229),
  cudaWheel('cuda-nvrtc', '12.9.86', '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4', 89568129),
  cudaWheel('cuda-runtime', '12.9.79', '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3', 3493179),
  cudaWheel('cudnn', '9.28.0.42', '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375', 716538495),
  cudaWheel('cufft', '11.4.1.4', 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28', 200877592),
  cudaWheel('curand', '10.3.10.19', '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e', 68295626),
  cudaWheel('cusolver', '11.7.5.82', '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88', 338117415),
  cudaWheel('cusparse', '12.5.10.65', '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78', 366465088),
  cudaWheel('nccl', '2.32.3', 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c', 351526311),
  cudaWheel('nvjitlink', '12.9.86', 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9', 39748338),
];

const LINUX_LIBRARIES = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'];
const MAC_LIBRARIES = ['tensorflow/libtensorflow_cc.2.dylib', 'tensorflow/libtensorflow_framework.2.dylib'];

/** Hashes and sizes as the package index publishes them. Only linux-x64-cpu has been run by us. */
/** @type {Readonly<Record<string, EnginePlan>>} */
const PLANS = {
  'linux-x64-cpu': {
    wheels: [
      tensorflowWheel('tensorflow-cpu', 'dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb', 274000871),
    ],
    platformTags: ['manylinux_2_27_x86_64'],
    libraries: LINUX_LIBRARIES,
  },
  'linux-x64-gpu': {
    wheels: [
      tensorflowWheel('tensorflow', 'b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0', 572611111),
      ...CUDA_WHEELS,
    ],
    platformTags: ['manylinux_2_27_x86_64', 'manylinux_2_17_x86_64', 'manylinux2014_x86_64'],
    libraries: LINUX_LIBRARIES,
  },
  'linux-arm64-cpu': {
    wheels: [
      tensorflowWheel('tensorflow', 'b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552', 281946471),
    ],
    platformTags: ['manylinux_2_27_aarch64'],
    libraries: LINUX_LIBRARIES,
  },
  'darwin-arm64-cpu': {
    wheels: [
      tensorflowWheel('tensorflow', '56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712', 223488205),
    ],
    platformTags: ['macosx_12_0_arm64'],
    libraries: MAC_LIBRARIES,
  },
};

/**
 * What to fetch for a platform, or undefined where no wheel exists (the set-up then falls back to the npm package's own download).
 * @param {{ platform: string, arch: string, musl?: boolean }} system
 * @param {Variant} variant
 */
export function enginePlan(system, variant) {
  return system.musl ? undefined : PLANS[`${system.platform}-${system.arch}-${variant}`];
}

/** The system this process runs on. TensorFlow's Linux wheels need glibc; Alpine and others have musl. */
export function thisSystem() {
  const { platform, arch } = process;
  if (platform !== 'linux') return { platform, arch, musl: false };
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return { platform, arch, musl: report.header.glibcVersionRuntime === undefined };
}

/**
 * Where everything is kept that is fetched or built once for all checkouts. Follows the XDG rule that a relative path is ignored.
 * @param {NodeJS.ProcessEnv} environment
 */
export function cacheFolder(environment = process.env) {
  const xdg = environment['XDG_CACHE_HOME'];
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'llavolta-studio');
}

/** @param {string} cache @param {Variant} variant */
export function enginePaths(cache, variant) {
  const folder = join(cache, `tensorflow-${TENSORFLOW_VERSION}-${variant}`);
  return { folder, site: join(folder, 'site'), manifest: join(folder, 'manifest.json') };
}

/** @param {string} project */
export function addonPaths(project) {
  const packageFolder = join(project, 'node_modules', ADDON_PACKAGE);
  const folder = join(packageFolder, ADDON_FOLDER);
  return { packageFolder, folder, addon: join(folder, ADDON_FILE), stamp: join(folder, 'llavolta-engine.json') };
}
