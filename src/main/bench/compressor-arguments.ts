import { parseArgs } from 'node:util';
import { settingsAt, type CompressorBenchJob } from '../../shared/compressor-bench.ts';
import { InputError } from '../../shared/errors.ts';
import { joinNegativeLayer, parseModes, parseShapes, SHAPE_OPTIONS, wholeNumber } from './arguments.ts';

const OPTIONS = {
  ...SHAPE_OPTIONS,
  model: { type: 'string' },
  layer: { type: 'string', default: '2' },
  stride: { type: 'string', default: '4' },
  rounds: { type: 'string', default: '10' },
  warmup: { type: 'string', default: '2' },
  mode: { type: 'string', default: 'graph' },
  json: { type: 'boolean', default: false },
} as const;

/** @throws InputError where the arguments make no sense */
export function parseCompressorBench(argv: readonly string[]): {
  readonly job: CompressorBenchJob;
  readonly json: boolean;
} {
  const { values } = parseArgs({ args: joinNegativeLayer(argv), options: OPTIONS });
  const [shape] = parseShapes(values);
  const [mode, ...more] = parseModes(values.mode);
  if (!shape || !mode || more.length > 0) {
    throw new InputError({ field: '--mode', value: values.mode, rule: 'must be graph or eager: one process runs one' });
  }
  if (values.model === undefined && !Number.isInteger(Math.sqrt(shape.nvis))) {
    throw new InputError({ field: '--nvis', value: shape.nvis, rule: 'must be a square, the patches of an image' });
  }
  const [layer, stride] = [wholeNumber('layer', values.layer, -1), wholeNumber('stride', values.stride, 2)];
  const job: CompressorBenchJob = {
    kind: 'compressors',
    shape,
    ...(values.model !== undefined && { model: values.model }),
    settings: settingsAt(layer, stride),
    mode,
    rounds: wholeNumber('rounds', values.rounds, 1),
    warmup: wholeNumber('warmup', values.warmup, 0),
  };
  return { job, json: values.json };
}
