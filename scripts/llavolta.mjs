// node scripts/llavolta.mjs <command>: the terminal program, after making sure that everything it needs is there.
import './setup/node-version.mjs';

const argv = process.argv.slice(2);

/** Commands that must work, and answer at once, where TensorFlow is not set up. */
const WITHOUT_ENGINE = [undefined, 'help', '--help', '-h', 'doctor'];
const needsEngine = !WITHOUT_ENGINE.includes(argv[0]) && !argv.includes('--help') && !argv.includes('-h');

import('./setup/bootstrap.mjs').then(({ bootstrap, runScript }) =>
  runScript(async () => {
    await bootstrap({ engine: needsEngine });
    const { runTerminalProgram } = await import('./setup/terminal-program.mjs');
    return runTerminalProgram(argv);
  }),
);
