import { InputError } from '../../../shared/errors.ts';
import type { ChatTemplate } from './chat-template.ts';
import type { Sample } from './dataset-reader.ts';
import { sampleMessages } from './encode.ts';

/**
 * Why a sample cannot be written by a template such that every image token stands for an image; undefined where it can.
 * The template's part is checked once for every make-up of a conversation, so this is cheap for ours.
 */
export function sampleProblem(sample: Sample, template: ChatTemplate): string | undefined {
  return forgedImage(sample, template.tokenizer.names['image_token'] as string) ?? templateProblem(sample, template);
}

/** In Python the text itself would become an image token, for which there is no image. */
function forgedImage({ turns, system, images }: Sample, token: string): string | undefined {
  const texts = [system ?? '', ...turns.flatMap(({ question, answer }) => [question, answer])];
  const written = texts.reduce((sum, text) => sum + text.split(token).length - 1, 0);
  if (written === 0) return undefined;
  return `conversations: ${images.length + written} ${token} in the texts for ${images.length} images`;
}

function templateProblem(sample: Sample, template: ChatTemplate): string | undefined {
  try {
    template.check(sampleMessages(sample));
    return undefined;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.message;
  }
}
