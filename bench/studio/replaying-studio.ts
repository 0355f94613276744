/**
 * A studio whose trainings are replayed ones, as a program: prints its address, and ends with its input. Takes its workspace;
 * PAGES names another build of the page than out/renderer.
 */
import { fileURLToPath } from 'node:url';
import { serve } from '../../src/main/serve.ts';

const entry = fileURLToPath(new URL('replayed-training.ts', import.meta.url));
const { PAGES: pages } = process.env;
const at = { workspace: process.argv[2] ?? '.', port: 0, host: '127.0.0.1' };
const served = await serve({ ...at, entry, ...(pages !== undefined && { pages }) });
console.log(served.url);
process.stdin.on('data', () => console.log(served.newUrl()));
process.stdin.on('end', () => process.exit(0));
