import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of reference numbers beside the project, where it is there. */
export const REFERENCE = fileURLToPath(new URL('../../../shared/reference', import.meta.url));

/** Whether the tests that need it can run: `describe.skipIf(!hasReference)('… (needs ../shared/reference)')`. */
export const hasReference = existsSync(`${REFERENCE}/README.md`);
