import { conversationFor, type ConversationChoice } from '../../../shared/conversation.ts';
import type { BrokenSample } from '../../../shared/dataset.ts';
import { InputError } from '../../../shared/errors.ts';
import type { InstructRecipe, Recipe } from '../../../shared/recipe.ts';
import type { ChatTemplate } from '../data/chat-template.ts';
import { chooseConversation } from '../data/conversation-choice.ts';
import { brokenSamplesError, type Samples } from '../data/dataset-reader.ts';
import { trainingRows, type TrainingRows } from '../data/training-rows.ts';
import { visualTokensPerImage } from '../model/config.ts';
import { tokenizerOf, type TrainableModel } from './build-model.ts';

const choiceOf = ({ data, train }: InstructRecipe): ConversationChoice =>
  conversationFor(data.conversation, train.parts);

function conversationOf(recipe: InstructRecipe, { companions, config }: TrainableModel): ChatTemplate {
  return chooseConversation(choiceOf(recipe), companions, tokenizerOf(companions), config.text.family);
}

/**
 * The model with the chat template that it is trained with among its files, so that it is asked in the same words
 * everywhere. Captions are not a conversation: a model trained on them alone keeps the template it has.
 *
 * @throws InputError where the template cannot be used
 */
export function withConversation<M extends TrainableModel>(recipe: Recipe, model: M): M {
  if (recipe.phase === 'vision' || choiceOf(recipe) === 'plain') return model;
  const { source } = conversationOf(recipe, model);
  return { ...model, companions: { ...model.companions, 'chat_template.jinja': source } };
}

const SHOWN_SAMPLES = 3;

function tooLongNotice(tooLong: readonly BrokenSample[]): string[] {
  if (tooLong.length === 0) return [];
  const shown = tooLong.slice(0, SHOWN_SAMPLES).map(({ id, reason }) => `sample ${id}: ${reason}`);
  const more = tooLong.length > SHOWN_SAMPLES ? '; …' : '';
  return [`${tooLong.length} samples are left out: ${shown.join('; ')}${more}`];
}

function endNotice({ endToken, file }: ChatTemplate, choice: ConversationChoice): string[] {
  if (endToken !== undefined || choice === 'plain') return [];
  return [
    `${file} writes no end token behind an answer, so the model does not learn to stop; data.conversation has conversations that do`,
  ];
}

/**
 * The rows of a training on conversations, each sample checked.
 *
 * @returns the rows, and what the user should know
 * @throws InputError naming the samples whose image tokens and images do not match
 */
export function conversationRows(
  recipe: InstructRecipe,
  model: TrainableModel,
  samples: Samples,
): { readonly rows: TrainingRows; readonly notices: string[] } {
  const { config } = model;
  const template = conversationOf(recipe, model);
  template.tokenizer.checkModel(
    { vocabSize: config.text.vocabSize, imageTokenId: config.imageTokenId },
    'tokenizer.json',
  );
  const { maxLength, turns, train: file } = recipe.data;
  const visualTokens = visualTokensPerImage(config);
  const { rows, tooLong, mismatched } = trainingRows(samples, { template, visualTokens, maxLength, turns });
  if (mismatched.length > 0) throw brokenSamplesError(file, mismatched);
  const notices = [...tooLongNotice(tooLong), ...endNotice(template, choiceOf(recipe))];
  if (rows.length === 0) throw new InputError({ file, rule: ['has no samples to train on', ...notices].join(': ') });
  return { rows, notices };
}
