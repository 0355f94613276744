// npm run setup [-- --gpu | --cpu] [--python] [--force]: npm packages and TensorFlow; with --python what tests compare with.
import './setup/node-version.mjs';

const USAGE = `Usage: npm run setup [-- --gpu | --cpu] [--python] [--force]

  --gpu    TensorFlow with CUDA 12 (3.4 GB to download; needs an NVIDIA driver, no CUDA installation; Linux x86-64).
           This has not been run on a GPU by its authors. Stays chosen for this user until --cpu is given.
  --cpu    TensorFlow without CUDA (274 MB to download): what is used unless --gpu was given.
  --python PyTorch and transformers as well (4.6 GB), for the tests that open models in Python; CI=true installs them
           by itself, LLAVOLTA_PYTHON names another Python that has them
  --force  set TensorFlow up again although it seems ready
`;

const argv = process.argv.slice(2);

import('./setup/bootstrap.mjs').then(({ bootstrap, runScript }) =>
  runScript(async () => {
    const unknown = argv.find((argument) => !['--gpu', '--cpu', '--python', '--force'].includes(argument));
    if (unknown !== undefined) {
      process.stderr.write(USAGE);
      return ['--help', '-h'].includes(unknown) ? 0 : 2;
    }
    const gpu = argv.includes('--gpu');
    if (gpu)
      console.error(
        'Note: the GPU set-up has not been run on a GPU by its authors. npm run -s llavolta -- doctor tells whether it works.',
      );
    await bootstrap({
      variant: gpu ? 'gpu' : argv.includes('--cpu') ? 'cpu' : undefined,
      force: argv.includes('--force'),
    });
    if (argv.includes('--python')) await (await import('./setup/python-packages.mjs')).installPython();
    console.error('Set-up is complete.');
    return 0;
  }),
);
