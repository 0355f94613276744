import { join } from 'node:path';
import { buildRenderer } from '../../../scripts/setup/build-app.mjs';
import { cacheFolder, PROJECT_FOLDER } from '../../../scripts/setup/engine-plan.mjs';
import { withLock } from '../../../scripts/setup/lock.mjs';

/** Builds the page where it is older than its sources: once, also where several programs want it at the same time. */
export const buildPage = (): Promise<void> =>
  withLock(join(cacheFolder(), 'page-build.lock'), () => buildRenderer(PROJECT_FOLDER));
