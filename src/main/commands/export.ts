import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { InputError } from '../../shared/errors.ts';
import { EXPORT_DTYPES, pythonExample, type ExportDtype, type Exported, type ExportJob } from '../../shared/export.ts';
import { followJob } from '../terminal/follow-job.ts';

export const summary = "write a model as a folder that Python's transformers opens";

export const usage = `
Usage: llavolta export <run, checkpoint or model folder> --to FOLDER [options]

  --to FOLDER     a new or empty folder
  --step N        of a run: its checkpoint of optimizer step N; by default the finished model, else the newest checkpoint
  --dtype TYPE    float32, bfloat16 or float16; by default float32, in which the model was trained
  --merged        the whole model, with a LoRA adapter added to its weights: the default
  --adapter       only the LoRA adapter, in peft's format
  --tower DIR     of a checkpoint in the LLaVA authors' own layout (llava_llama, llava_mistral, llava_qwen): the folder of
                  its CLIP or SigLIP tower, where it is neither where config.json says nor beside the model
  --force         replace the files of an earlier export in the folder
  --json          print what was written as JSON

The folder gets weights, configuration, tokenizer, processor, chat template and a model card with the facts of the run.
A checkpoint in the LLaVA authors' layout is converted: the folder then opens here and in Python.
`;

const OPTIONS = {
  to: { type: 'string' },
  step: { type: 'string' },
  dtype: { type: 'string', default: 'float32' },
  merged: { type: 'boolean', default: false },
  adapter: { type: 'boolean', default: false },
  tower: { type: 'string' },
  force: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

function dtypeOption(text: string): ExportDtype {
  const dtype = EXPORT_DTYPES.find((name) => name === text);
  if (dtype) return dtype;
  throw new InputError({ field: '--dtype', value: text, rule: `must be one of ${EXPORT_DTYPES.join(', ')}` });
}

function stepOption(text: string | undefined): { step?: number } {
  if (text === undefined) return {};
  if (/^\d{1,9}$/.test(text)) return { step: Number(text) };
  throw new InputError({ field: '--step', value: text, rule: 'must be a whole number of 0 or more' });
}

/** What the arguments ask for. @throws InputError */
export function parseExport(argv: string[]): { job: ExportJob; json: boolean } {
  const { values, positionals } = parseArgs({ args: argv, allowPositionals: true, options: OPTIONS });
  const [model, ...rest] = positionals;
  if (model === undefined || rest.length > 0) {
    const rule = 'needs one run, checkpoint or model folder';
    throw new InputError({ field: 'export', rule, hint: 'llavolta export --help' });
  }
  if (values.to === undefined) throw new InputError({ field: '--to', rule: 'must be given' });
  if (values.merged && values.adapter) {
    throw new InputError({ field: '--adapter', rule: 'must not stand beside --merged: give one of the two' });
  }
  const job: ExportJob = {
    ...{ kind: 'export', model: resolve(model), folder: resolve(values.to), replace: values.force },
    ...{ form: values.adapter ? 'adapter' : 'merged', dtype: dtypeOption(values.dtype), ...stepOption(values.step) },
    ...(values.tower !== undefined && { tower: resolve(values.tower) }),
  };
  return { job, json: values.json };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

function exportText(exported: Exported): string {
  const { folder, source, parameters, dtype, files } = exported;
  const bytes = files.reduce((total, file) => total + file.bytes, 0);
  return [
    folder,
    `  from ${source}`,
    `  ${parameters.toLocaleString('en')} weights in ${dtype}, ${megabytes(bytes)}: ${files.map(({ name }) => name).join(', ')}`,
    ...['', 'In Python:', '', pythonExample(exported), ''],
  ].join('\n');
}

export async function run(argv: string[]): Promise<number> {
  const { job, json } = parseExport(argv);
  let exported: Exported | undefined;
  const code = await followJob(job, (message) => {
    if (message.type === 'exported') exported = message.exported;
  });
  if (exported) process.stdout.write(json ? `${JSON.stringify(exported, null, 2)}\n` : exportText(exported));
  return code;
}
