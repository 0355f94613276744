import { parseArgs } from 'node:util';
import { formatCompression } from '../../shared/compression.ts';
import { InputError } from '../../shared/errors.ts';
import { trainingPlan } from '../../shared/training-plan.ts';
import { modelOf, parsePlan, sizeOf } from '../plan/arguments.ts';
import { measureSpeed } from '../plan/measure-speed.ts';
import { planText, publishedOfStep, sizeText } from '../plan/report.ts';

export const summary = "plan a training (memory, time) or count a model's parameters, without loading it";

export const usage = `
Usage: llavolta model plan FOLDER|NAME [options]
       llavolta model show FOLDER|NAME [--json]

plan  Parameters, memory and time of training the decoder, LoRA adapters (both with the projector) or the projector alone,
      each without and with gradient checkpointing.
show  Parameters by part.

FOLDER is a Hugging Face model folder, of which only config.json is read; NAME is llava-1.5-7b, llava-1.5-13b, or a size that
comes with the program (its vocabulary comes from the data: one token stands for it).

--batch N         rows of a step (1)
--images N        images of a row (1)
--text-tokens N   text tokens of a row (256), all counted as supervised
--length N        instead: all tokens of a row, visual ones before compression included
--compress K/S    compression setting, in layers of this model (none)
--rank N          of LoRA adapters (128)
--rows N          rows of an epoch (665,298: LLaVA-1.5's instruction data)
--gflops N        speed that the machine holds, in 10⁹ FLOPs per second; by default that of a short matrix product here
--json            print it as JSON
`;

const print = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);

async function plan(argv: string[]): Promise<void> {
  const request = await parsePlan(argv);
  const { name, size, settings, flopsPerSecond: given, json } = request;
  // Before the speed is measured: a setting that does not fit is told at once.
  trainingPlan(size, { ...settings, flopsPerSecond: 1 });
  const flopsPerSecond = given ?? (await measureSpeed());
  const lines = trainingPlan(size, { ...settings, flopsPerSecond });
  if (json) {
    const compression = formatCompression(settings.compression);
    const published = publishedOfStep(request);
    print({
      model: name,
      parameters: size.parameters,
      settings: { ...settings, compression, flopsPerSecond },
      published,
      lines,
    });
    return;
  }
  const source = given === undefined ? 'a short matrix product on this machine' : '--gflops';
  process.stdout.write(planText(request, lines, { flopsPerSecond }, source));
}

async function show(argv: string[]): Promise<void> {
  const options = { json: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options });
  const name = modelOf('show', positionals);
  const { shape, parts, parameters, visualTokens } = await sizeOf(name);
  if (values.json) print({ model: name, shape, parts, parameters, visualTokens });
  else process.stdout.write(sizeText(name, await sizeOf(name)));
}

export async function run([action, ...argv]: string[]): Promise<number> {
  if (action !== 'plan' && action !== 'show') {
    throw new InputError({
      field: 'model',
      value: action,
      rule: 'must be plan or show',
      hint: 'llavolta model --help',
    });
  }
  await (action === 'plan' ? plan(argv) : show(argv));
  return 0;
}
