import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { InputError } from '../../shared/errors.ts';
import { startProgram } from '../studio/program.ts';

const PROGRAM = fileURLToPath(new URL('../engine/product-speed.ts', import.meta.url));
const PATIENCE_MS = 60_000;

const speedSchema = z.object({ flopsPerSecond: z.number().positive() });

/** FLOPs per second of a short matrix product on this machine, in an engine process. @throws InputError where it gives none */
export function measureSpeed(program = PROGRAM): Promise<number> {
  return new Promise((resolve, reject) => {
    let speed: number | undefined;
    const child = startProgram(program, {
      onMessage: (message) => {
        speed = speedSchema.safeParse(message).data?.flopsPerSecond;
      },
      onExit: ({ stderr }) => {
        clearTimeout(timer);
        if (speed !== undefined) return resolve(speed);
        const rule = `could not be measured: ${stderr.trim().slice(-300) || 'the engine gave no answer'}`;
        reject(new InputError({ field: '--gflops', rule, hint: 'Give it, or see llavolta doctor' }));
      },
    });
    const timer = setTimeout(() => child.kill(), PATIENCE_MS);
  });
}
