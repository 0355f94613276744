import { encodePieces } from '../../data/conversation.ts';
import { renderConversation, renderPrompt, type Message, type Piece } from '../../data/chat-template.ts';
import { Tokenizer } from '../../data/tokenizer.ts';
import type { ReferenceCase } from '../case-schema.ts';
import { equal, sameText, skipped } from '../compare.ts';
import type { DataTopic, Finding } from '../topic.ts';

type Conversation = NonNullable<ReferenceCase['chat']>['conversations'][number];

const TOPIC = 'chat';
/** What every conversation holds that is written as LLaVA v1 does. */
const VICUNA_MARK = 'ASSISTANT:';

function messageOf({ role, content }: Conversation['messages'][number]): Message {
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return { role, visuals: content.filter(({ type }) => type === 'image').length, text };
}

/** The pieces as the template renders them. */
function rendered(pieces: readonly Piece[], endOfText: string): string {
  const text = {
    text: (piece: Piece) => (piece.kind === 'text' ? piece.text : ''),
    visual: () => '<image>',
    end: () => endOfText,
  };
  return pieces.map((piece) => text[piece.kind](piece)).join('');
}

function* conversationChecks(
  tokenizer: Tokenizer,
  conversation: Conversation,
  index: number,
  visualTokens: number,
): Generator<Finding> {
  const { messages } = conversation;
  const all = messages.map(messageOf);
  const whole = renderConversation(all, 'vicuna');
  const asked = renderPrompt(all.slice(0, all.at(-1)?.role === 'assistant' ? -1 : undefined), 'vicuna');
  const end = tokenizer.token(tokenizer.special.endOfText) ?? '';
  const row = encodePieces(tokenizer, whole, visualTokens);
  const prompt = encodePieces(tokenizer, asked, visualTokens);
  const name = (what: string): { topic: string; name: string } => ({ topic: TOPIC, name: `${index} ${what}` });
  yield { ...name('text'), ...sameText(rendered(whole, end), conversation.text) };
  yield { ...name('ids'), ...equal(row.tokenIds, conversation.ids) };
  yield { ...name('labels'), ...equal(row.labels, conversation.labels) };
  yield {
    ...name('image_starts'),
    ...equal(
      row.groups.map(({ start }) => start),
      conversation.image_starts,
    ),
  };
  yield { ...name('prompt_text'), ...sameText(rendered(asked, end), conversation.prompt_text) };
  yield { ...name('prompt_ids'), ...equal(prompt.tokenIds, conversation.prompt_ids) };
}

/** Conversations to text, ids and labels, and prompts that an answer follows. */
export const chatTopic: DataTopic = async function* (folder) {
  const { chat, model } = folder.info;
  if (!chat) return;
  if (!chat.conversations.every(({ text }) => text.includes(VICUNA_MARK))) {
    const reason = `not supported yet: conversations are written as LLaVA v1 does, "USER: … ${VICUNA_MARK} …"`;
    yield { topic: TOPIC, name: 'all', ...skipped(reason) };
    return;
  }
  const tokenizer = Tokenizer.load(folder.path('model'));
  for (const [index, conversation] of chat.conversations.entries()) {
    yield* conversationChecks(tokenizer, conversation, index, model.visual_tokens_per_image);
  }
};
