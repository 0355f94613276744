import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

/**
 * Starts a module of ours as a thread. TypeScript runs from source here, and Node 20 gives a thread none of the loaders
 * of its parent: the thread registers tsx itself first.
 */
export function startThread(module: URL): Worker {
  if (!module.pathname.endsWith('.ts')) return new Worker(fileURLToPath(module));
  const tsx = import.meta.resolve('tsx/esm/api');
  const steps = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(module.href)}); })`;
  return new Worker(steps, { eval: true });
}
