import { join } from 'node:path';
import { InputError } from '../../shared/errors.ts';
import { takeLock } from './file-lock.ts';

/**
 * Takes a workspace for this process: two studios would start the same trainings.
 *
 * @param folder of the studio's files
 * @returns lets it go
 * @throws InputError naming the process that has it
 */
export function lockStudio(folder: string): Promise<() => Promise<void>> {
  return takeLock(join(folder, 'studio.lock'), ({ pid, host }) => {
    const rule = `is open in another studio (process ${pid} on ${host})`;
    return new InputError({ file: folder, rule, hint: 'Use that one, or end it first' });
  });
}
