/** Conversations of the LLaVA code base that a model without a chat template can be given: `conv_templates` there. */
export const CONVERSATIONS = ['plain', 'v1', 'mistral', 'qwen'] as const;
export type ConversationName = (typeof CONVERSATIONS)[number];

/**
 * How a training writes its conversations out. `auto`: captions alone (`plain`) where only the projector is trained, else
 * the model's own chat template, else the conversation of its family.
 */
export const CONVERSATION_CHOICES = ['auto', ...CONVERSATIONS] as const;
export type ConversationChoice = (typeof CONVERSATION_CHOICES)[number];

/** What `auto` is for these parts: LLaVA trains the projector alone on captions, without the words around a conversation. */
export function conversationFor(choice: ConversationChoice, parts: string): ConversationChoice {
  return choice === 'auto' && parts === 'projector' ? 'plain' : choice;
}
