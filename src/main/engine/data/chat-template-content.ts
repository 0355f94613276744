import type { Message } from './conversation-piece.ts';

/** How a template takes the content of a message. */
export type ContentForm = 'parts' | 'text';

/** A message as transformers gives it to a chat template: `parts` for processors, `text` with the image token in it. */
export function templateMessage({ role, visuals = 0, text }: Message, form: ContentForm, imageToken: string): unknown {
  const isShown = text !== '' || visuals === 0;
  if (form === 'text') {
    const images = Array.from({ length: visuals }, () => imageToken);
    return { role, content: [...images, ...(isShown ? [text] : [])].join('\n') };
  }
  const images = Array.from({ length: visuals }, () => ({ type: 'image' }));
  return { role, content: [...images, ...(isShown ? [{ type: 'text', text }] : [])] };
}
