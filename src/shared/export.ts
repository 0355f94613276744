import { z } from 'zod';

/** Element types that weights can be exported in. The engine trains in float32: only that is exact. */
export const EXPORT_DTYPES = ['float32', 'bfloat16', 'float16'] as const;
export type ExportDtype = (typeof EXPORT_DTYPES)[number];

/** `merged`: the whole model, a LoRA adapter added to its weights. `adapter`: only the adapter, in peft's format. */
const EXPORT_FORMS = ['merged', 'adapter'] as const;
export type ExportForm = (typeof EXPORT_FORMS)[number];

/** What an export is made with. */
export const exportOptionsSchema = z.strictObject({
  /** Of a run: the checkpoint of this optimizer step; by default its finished model, else the newest checkpoint. */
  step: z.int().min(0).optional(),
  form: z.enum(EXPORT_FORMS).default('merged'),
  dtype: z.enum(EXPORT_DTYPES).default('float32'),
  /** Whether files of an earlier export in the folder may be replaced. */
  replace: z.boolean().default(false),
});

/** Write a model as a Hugging Face folder. Paths are absolute. */
export const exportJobSchema = z.strictObject({
  kind: z.literal('export'),
  ...exportOptionsSchema.shape,
  /** A run's folder, a checkpoint, a Hugging Face model folder or one in the LLaVA authors' layout. */
  model: z.string().min(1),
  /** The folder to write. */
  folder: z.string().min(1),
  /** Of a model in the LLaVA authors' layout: the folder of its vision tower, where it is not found by itself. */
  tower: z.string().min(1).optional(),
});
export type ExportJob = z.infer<typeof exportJobSchema>;

const size = z.int().min(0);

/** What an export is doing. */
export const exportProgressSchema = z.strictObject({
  phase: z.enum(['read', 'write']),
  done: z.number().min(0).max(1),
});
export type ExportProgress = z.infer<typeof exportProgressSchema>;

/** What an export has written. */
export const exportedSchema = z.strictObject({
  folder: z.string(),
  /** The model folder that it was made from. */
  source: z.string(),
  form: z.enum(EXPORT_FORMS),
  dtype: z.enum(EXPORT_DTYPES),
  /** Values of all weights written. */
  parameters: size,
  files: z.array(z.strictObject({ name: z.string(), bytes: size })),
});
export type Exported = z.infer<typeof exportedSchema>;

const quoted = (text: string): string => JSON.stringify(text);

/**
 * A program that answers a question with an exported model in Python, for the model card and the studio.
 *
 * @param folder as Python shall name it
 */
export function pythonExample({ folder, form, dtype }: Pick<Exported, 'folder' | 'form' | 'dtype'>): string {
  const load =
    form === 'adapter'
      ? [
          'base = "…"  # the folder of the model that the adapter was trained on',
          `processor = AutoProcessor.from_pretrained(${quoted(folder)})`,
          `model = AutoModelForImageTextToText.from_pretrained(base, dtype=torch.${dtype})`,
          `model = PeftModel.from_pretrained(model, ${quoted(folder)})`,
        ]
      : [
          `processor = AutoProcessor.from_pretrained(${quoted(folder)})`,
          `model = AutoModelForImageTextToText.from_pretrained(${quoted(folder)}, dtype=torch.${dtype})`,
        ];
  return [
    'import torch',
    'from PIL import Image',
    ...(form === 'adapter' ? ['from peft import PeftModel'] : []),
    'from transformers import AutoModelForImageTextToText, AutoProcessor',
    '',
    ...load,
    'content = [{"type": "image"}, {"type": "text", "text": "What is in the image?"}]',
    'prompt = processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)',
    `inputs = processor(images=Image.open("picture.png"), text=prompt, return_tensors="pt").to(model.dtype)`,
    'tokens = model.generate(**inputs, max_new_tokens=64)',
    'print(processor.decode(tokens[0, inputs["input_ids"].shape[1]:], skip_special_tokens=True))',
  ].join('\n');
}
