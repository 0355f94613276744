/** A process that trains the tiny model for some steps and prints a hash of every gradient and weight. Argument: the mode. */
import { createHash } from 'node:crypto';
import { tf } from '../../src/main/engine/backend/tensorflow.ts';
import { Parameters } from '../../src/main/engine/model/parameters.ts';
import { AdamW } from '../../src/main/engine/train/optimizer.ts';
import { GradientStep } from '../../src/main/engine/train/train-step.ts';
import { parseCompression } from '../../src/shared/compression.ts';
import { executionModeSchema } from '../../src/shared/execution-mode.ts';
import { tinyWeights, TINY } from './tiny-model.ts';
import { microBatch } from './tiny-training.ts';

const STEPS = 50;
const SETTINGS = ['1/2', 'none', '-1/2'];
const ROWS = ['1 5 #4 7 >8 >9 3 >4', '1 #4 >3 >30 4 >9'];

const parameters = new Parameters(tinyWeights(), (name) => !name.startsWith('vision_tower.'));
const optimizer = new AdamW(parameters, { betas: [0.9, 0.999], epsilon: 1e-8, weightDecay: 0.1 });
const step = new GradientStep(parameters, TINY, { execution: executionModeSchema.parse(process.argv[2]) });
const hash = createHash('sha256');
for (let i = 0; i < STEPS; i++) {
  const setting = parseCompression(SETTINGS[i % SETTINGS.length] ?? 'none');
  const { gradients } = step.run(microBatch(ROWS, i), setting, 4);
  for (const [name, gradient] of gradients) hash.update(name).update(gradient.dataSync() as Float32Array);
  optimizer.update(gradients, 1e-3, i);
  tf.dispose([...gradients.values()]);
}
for (const [name, { data }] of parameters.toHost()) hash.update(name).update(data);
process.stdout.write(hash.digest('hex'));
process.exit(0);
