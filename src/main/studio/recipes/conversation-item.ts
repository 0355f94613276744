import { resolve } from 'node:path';
import type { PreflightItem } from '../../../shared/api/recipes.ts';
import { conversationFor } from '../../../shared/conversation.ts';
import type { BrokenSample } from '../../../shared/dataset.ts';
import type { CheckedConversations } from '../../../shared/dataset-source.ts';
import type { InstructRecipe } from '../../../shared/recipe.ts';
import { runDatasetJob } from '../datasets/dataset-job.ts';

/** Samples that are looked at before a start; the training itself looks at all. */
const CHECKED_SAMPLES = 20_000;
const SHOWN_SAMPLES = 3;

const thousands = (value: number): string => value.toLocaleString('en');

const named = ({ first, count }: CheckedConversations['mismatched']): string =>
  first
    .slice(0, SHOWN_SAMPLES)
    .map(({ id, line, reason }: BrokenSample) => `sample ${id ?? ''} (line ${line}): ${reason}`)
    .join('; ') + (count > SHOWN_SAMPLES ? '; …' : '');

/**
 * How the samples will be written out by a model of a folder, and which cannot be: the engine looks at them in a process of
 * its own, as the preparation of the training does.
 *
 * @param folder of the workspace, which the recipe's paths are relative to
 * @throws InputError where tokenizer, template or data cannot be read
 */
export async function conversationItem(
  { model, data, train }: InstructRecipe,
  folder: string,
  visualTokens: number,
): Promise<PreflightItem> {
  const checked = await runDatasetJob(
    {
      kind: 'conversation',
      model: resolve(folder, model.from),
      conversation: conversationFor(data.conversation, train.parts),
      file: resolve(folder, data.train),
      ...(data.images !== undefined && { images: resolve(folder, data.images) }),
      ...{ turns: data.turns, frames: data.frames, maxLength: data.maxLength, visualTokens, limit: CHECKED_SAMPLES },
    },
    () => undefined,
  );
  if (checked.type !== 'conversations') throw new Error('a conversation job ends with conversations');
  return itemOf(checked);
}

function itemOf({ template, endToken, samples, mismatched, tooLong }: CheckedConversations): PreflightItem {
  const item = { id: 'conversations', title: 'Conversations' };
  const looked = `${template}, ${thousands(samples)} samples looked at`;
  if (mismatched.count > 0) {
    const detail = `${looked}: ${thousands(mismatched.count)} cannot be written: ${named(mismatched)}`;
    const whatToDo = 'Mend or remove them, or choose another data.conversation: training refuses them';
    return { ...item, level: 'error', detail, whatToDo };
  }
  if (tooLong.count > 0) {
    const detail = `${looked}: ${thousands(tooLong.count)} are left out: ${named(tooLong)}`;
    return { ...item, level: 'warning', detail, whatToDo: 'Raise data.maxLength, or remove them' };
  }
  if (endToken === null && template !== 'conversation plain') {
    const detail = `${looked}: no end token is written behind an answer, so the model does not learn to stop`;
    return { ...item, level: 'warning', detail, whatToDo: 'Choose a data.conversation that writes one' };
  }
  return { ...item, level: 'ok', detail: `${looked}: image tokens and images match` };
}
