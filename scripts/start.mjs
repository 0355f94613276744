// npm start [-- options]: everything that is missing is set up, then the studio opens in a window or in the browser.
import './setup/node-version.mjs';

import('./setup/bootstrap.mjs').then(({ runScript }) =>
  runScript(async () => {
    const { START_USAGE, parseStartArguments } = await import('./setup/start-arguments.mjs');
    const plan = parseStartArguments(process.argv.slice(2));
    if (plan.help) {
      process.stdout.write(START_USAGE);
      return 0;
    }
    const { start } = await import('./setup/start-studio.mjs');
    return start(plan);
  }),
);
