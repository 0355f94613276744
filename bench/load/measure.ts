/**
 * One measurement in a process of its own: `read` reads the weight files into memory and keeps them, `load` puts the model
 * on the device. Prints JSON: milliseconds, and resident memory before and at its peak in bytes.
 */
import { readFileSync, readdirSync, statSync, openSync, readSync, closeSync } from 'node:fs';
import { join } from 'node:path';

const [, , what, folder = ''] = process.argv;

function status(field: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes] = new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** Every weight file, whole, in memory of its own. */
function readFiles(): Buffer[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.safetensors'));
  return names.map((name) => {
    const file = join(folder, name);
    const bytes = Buffer.allocUnsafeSlow(statSync(file).size);
    const descriptor = openSync(file, 'r');
    for (let done = 0; done < bytes.length;)
      done += readSync(descriptor, bytes, done, Math.min(2 ** 30, bytes.length - done), done);
    closeSync(descriptor);
    return bytes;
  });
}

async function prepared(): Promise<() => Promise<unknown>> {
  if (what === 'read') return async () => readFiles();
  const { loadModelFolder } = await import('../../src/main/engine/model/model-folder.ts');
  const { Parameters } = await import('../../src/main/engine/model/parameters.ts');
  // TensorFlow starts its threads with the first op; that is no part of loading.
  const { tf } = await import('../../src/main/engine/backend/tensorflow.ts');
  tf.scalar(1).dataSync();
  return async () => new Parameters((await loadModelFolder(folder)).weights);
}

const run = await prepared();
const before = status('VmRSS');
const startedCpu = process.cpuUsage();
const started = performance.now();
const kept = await run();
const ms = performance.now() - started;
const cpu = process.cpuUsage(startedCpu);
process.stdout.write(
  `${JSON.stringify({ ms, cpuMs: (cpu.user + cpu.system) / 1000, before, peak: status('VmHWM'), kept: kept !== undefined })}\n`,
);
process.exit(0);
