/** Processes are killed while a run trains: it goes on, and every step counts once. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { engineIsThere, enginePid, expectEveryStepOnce, metricsRows } from '../../helpers/e2e/run-files.ts';
import { button, ENGINE_MS, main, stateIs, stepsBeyond, stepShown } from '../../helpers/e2e/screens.ts';
import { story, type Scene } from '../../helpers/e2e/story.ts';
import { until } from '../../helpers/served-studio.ts';
import { tinyDataset } from '../../helpers/tiny-dataset.ts';

const STEPS = 300;
const BATCH = 4;

async function prepare(workspace: string): Promise<void> {
  await tinyDataset({ images: 36, size: 64 }, join(workspace, 'data', 'shapes'));
}

/** Starts a run and goes to its screen. Setting one up by hand is another story. */
async function startRun({ page, send }: Scene, name: string): Promise<void> {
  const recipe = {
    name,
    phase: 'instruct',
    model: { from: 'tiny' },
    data: { train: 'data/shapes/train.jsonl', maxLength: 256 },
    train: { cacheFeatures: true },
    optimizer: { lr: 1e-3, batchSize: BATCH, steps: STEPS },
    checkpoint: { every: 20, keep: 2 },
    scheme: 'two-stage',
  };
  // JSON is YAML.
  await send('/api/runs', { yaml: JSON.stringify(recipe) });
  await page.goto(`${new URL(page.url()).origin}/#/runs/${name}`);
  await stateIs(page, 'Running');
}

story('a run whose processes are killed', prepare, (step, scene) => {
  const folder = (name: string): string => join(scene.workspace, 'runs', name);

  step('the engine is killed: the run says so and goes on from its last checkpoint', async () => {
    const { page, studio } = scene;
    await page.goto(studio.url);
    await main(page).getByRole('heading').first().waitFor();
    await startRun(scene, 'engine-killed');
    await stepsBeyond(page, 30);
    const killed = enginePid(folder('engine-killed'));
    process.kill(killed, 'SIGKILL');
    await page
      .getByText(/goes on from the last checkpoint/)
      .first()
      .waitFor();
    const before = metricsRows(folder('engine-killed')).length;
    await stepsBeyond(page, before);
    expect(enginePid(folder('engine-killed'))).not.toBe(killed);
    await page.getByRole('tab', { name: 'Log' }).click();
    await page
      .getByRole('log')
      .getByText(/goes on from the last checkpoint/)
      .waitFor();
  });

  step(
    'it ends, and every step was counted once',
    async () => {
      await stateIs(scene.page, 'Finished', 2 * ENGINE_MS);
      expectEveryStepOnce(folder('engine-killed'), STEPS, BATCH);
    },
    200_000,
  );

  step('the studio is killed: its engine saves and leaves', async () => {
    const { page, studio, watch } = scene;
    await startRun(scene, 'studio-killed');
    await stepsBeyond(page, 30);
    // The browser reports requests that nobody answers.
    watch.allow(/net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|INCOMPLETE_CHUNKED_ENCODING)/);
    await studio.kill();
    await page.getByText('Connection lost, trying again…').waitFor();
    await until(async () => !(await engineIsThere(folder('studio-killed'))));
    expect(metricsRows(folder('studio-killed')).length).toBeLessThan(STEPS);
  });

  step('a studio that is started again goes on with the run by itself', async () => {
    const { page } = scene;
    const rows = metricsRows(folder('studio-killed')).length;
    await scene.restart();
    await page.goto(scene.studio.url);
    await main(page).getByText('studio-killed').first().click();
    await stateIs(page, 'Running');
    await stepsBeyond(page, rows);
  });

  step(
    'that run ends too, and every step was counted once',
    async () => {
      const { page } = scene;
      await stateIs(page, 'Finished', 2 * ENGINE_MS);
      expect(await stepShown(page)).toBe(STEPS);
      expectEveryStepOnce(folder('studio-killed'), STEPS, BATCH);
      await button(page, 'Compare its answers').waitFor();
    },
    200_000,
  );
});
