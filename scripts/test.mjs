// npm test [-- vitest arguments]: everything that must hold before a change goes in. Ends with `N passed, N failed[, N skipped]`.
import './setup/node-version.mjs';

import('./setup/bootstrap.mjs').then(({ bootstrap, runScript }) =>
  runScript(async () => {
    await bootstrap();
    const { installPythonForTests, testsInstallPython } = await import('./setup/python-packages.mjs');
    if (testsInstallPython()) await installPythonForTests();
    const { installFfmpegForTests } = await import('./setup/ffmpeg-for-tests.mjs');
    await installFfmpegForTests();
    const { runChecks } = await import('./setup/checks.mjs');
    return runChecks(process.argv.slice(2));
  }),
);
