import type { ChatTemplate } from '../../data/chat-template.ts';
import { folderConversation } from '../../data/conversation-choice.ts';
import { writtenOut, type Message } from '../../data/conversation-piece.ts';
import { encodePieces } from '../../data/conversation.ts';
import type { ReferenceCase } from '../case-schema.ts';
import { equal, sameText } from '../compare.ts';
import type { DataTopic, Finding } from '../topic.ts';

type Conversation = NonNullable<ReferenceCase['chat']>['conversations'][number];

/** A message of a case as our templates take it. */
export function messageOf({ role, content }: Conversation['messages'][number]): Message {
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return { role, visuals: content.filter(({ type }) => type === 'image').length, text };
}

function* conversationChecks(
  template: ChatTemplate,
  conversation: Conversation,
  index: number,
  visualTokens: number,
): Generator<Finding> {
  const { tokenizer } = template;
  const messages = conversation.messages.map(messageOf);
  const asked = messages.slice(0, messages.at(-1)?.role === 'assistant' ? -1 : undefined);
  const [whole, prompt] = [template.conversation(messages), template.prompt(asked)];
  const image = tokenizer.token(tokenizer.special.image) ?? '';
  const row = encodePieces(tokenizer, whole, visualTokens);
  const starts = row.groups.map(({ start }) => start);
  const name = (what: string): { topic: string; name: string } => ({ topic: 'chat', name: `${index} ${what}` });
  yield { ...name('template'), ...sameText(template.render(messages, false), conversation.text) };
  yield { ...name('text'), ...sameText(writtenOut(whole, image), conversation.text) };
  yield { ...name('ids'), ...equal(row.tokenIds, conversation.ids) };
  yield { ...name('labels'), ...equal(row.labels, conversation.labels) };
  yield { ...name('image_starts'), ...equal(starts, conversation.image_starts) };
  yield { ...name('prompt_text'), ...sameText(writtenOut(prompt, image), conversation.prompt_text) };
  yield {
    ...name('prompt_ids'),
    ...equal(encodePieces(tokenizer, prompt, visualTokens).tokenIds, conversation.prompt_ids),
  };
}

/** Conversations to text, ids and labels by the model's chat template, and prompts that an answer follows. */
export const chatTopic: DataTopic = async function* (folder) {
  const { chat, model } = folder.info;
  if (!chat) return;
  const template = folderConversation(folder.path('model'));
  for (const [index, conversation] of chat.conversations.entries()) {
    yield* conversationChecks(template, conversation, index, model.visual_tokens_per_image);
  }
};
