// npm run build: the page (out/renderer) and the desktop app (out/app), where they are older than their sources.
import './setup/node-version.mjs';

import('./setup/bootstrap.mjs').then(({ bootstrap, runScript }) =>
  runScript(async () => {
    await bootstrap({ engine: false });
    const { buildApp, buildRenderer } = await import('./setup/build-app.mjs');
    const { PROJECT_FOLDER } = await import('./setup/engine-plan.mjs');
    await buildRenderer(PROJECT_FOLDER);
    buildApp(PROJECT_FOLDER);
    return 0;
  }),
);
