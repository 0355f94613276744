import { InputError } from '../../../shared/errors.ts';
import { type ContentForm, templateMessage } from './chat-template-content.ts';
import { JinjaTemplate } from './chat-template-jinja.ts';
import { layOut, type Layout, type LayoutPiece, type Renderer } from './chat-template-layout.ts';
import { type Message, type Piece, writtenOut } from './conversation-piece.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface ChatTemplateOptions {
  /** How to call it in messages. */
  readonly file: string;
  /** Whether it is one of ours, which write every text as it is. */
  readonly builtIn?: boolean;
  /** Whether questions are left out on purpose. */
  readonly answersOnly?: boolean;
}

/** Layouts kept: conversations differ in turns and pictures, but not in many ways. */
const KNOWN_LAYOUTS = 4096;

/**
 * A model's chat template. It is rendered once for every make-up of a conversation (roles, pictures), with marks in
 * place of the texts; each conversation is that layout with its own texts put in. So where the answers are is known
 * exactly, and no text can pass for a part of the template.
 */
export class ChatTemplate {
  readonly tokenizer: Tokenizer;
  /** The Jinja text. */
  readonly source: string;
  readonly file: string;
  private readonly options: ChatTemplateOptions;
  private readonly jinja: JinjaTemplate;
  private readonly form: ContentForm;
  private readonly layouts = new Map<string, Layout>();

  /** @throws InputError where the template cannot be read or shows no pictures */
  constructor(source: string, tokenizer: Tokenizer, options: ChatTemplateOptions) {
    this.tokenizer = tokenizer;
    this.source = source;
    this.file = options.file;
    this.options = options;
    this.jinja = new JinjaTemplate(source, options.file);
    this.form = this.findForm();
  }

  /** A whole conversation, with what is supervised marked: the assistant's words and the token that ends them. @throws InputError */
  conversation(messages: readonly Message[]): Piece[] {
    return fill(this.layout(messages, false).pieces, messages);
  }

  /** A conversation that ends with a question, up to where the assistant's answer begins. @throws InputError */
  prompt(messages: readonly Message[]): Piece[] {
    return fill(this.layout(messages, true).pieces, messages);
  }

  /** How many pieces of `conversation` stand before the user's first word or picture. @throws InputError */
  openingPieces(messages: readonly Message[]): number {
    const { pieces } = this.layout(messages, false);
    const end = pieces.findIndex(
      (piece) => piece.kind === 'visual' || (piece.kind === 'words' && messages[piece.message]?.role === 'user'),
    );
    return fill(pieces.slice(0, Math.max(end, 0)), messages).length;
  }

  /** The special token that ends answers. Where there is none, a model trained on them does not learn to stop. */
  get endToken(): string | undefined {
    const probe: Message[] = [
      { role: 'user', text: 'a' },
      { role: 'assistant', text: 'b' },
    ];
    return this.layout(probe, false).endToken;
  }

  /** Whether the template writes these very texts as the layout says. @throws InputError where it changes one */
  check(messages: readonly Message[]): void {
    const pieces = this.conversation(messages);
    if (this.options.builtIn) return;
    const written = this.render(messages, false);
    if (writtenOut(pieces, this.imageToken) === written) return;
    throw this.error('writes the texts of this conversation in another way than they are', {
      value: written,
    });
  }

  /** The text that the template gives, special tokens written out. @throws InputError */
  render(messages: readonly Message[], addGenerationPrompt: boolean): string {
    return this.renderer(messages.map((message) => templateMessage(message, this.form, this.imageToken)))(
      messages.length,
      addGenerationPrompt,
    );
  }

  private get imageToken(): string {
    return this.tokenizer.names['image_token'] as string;
  }

  private renderer(messages: readonly unknown[]): Renderer {
    return (count, addGenerationPrompt) =>
      this.jinja.render({
        messages: messages.slice(0, count),
        ...{ tools: null, documents: null, add_generation_prompt: addGenerationPrompt },
        ...this.tokenizer.names,
      });
  }

  private layout(messages: readonly Message[], asPrompt: boolean): Layout {
    const key = `${asPrompt ? '?' : ''}${messages.map(shapeOf).join()}`;
    let layout = this.layouts.get(key);
    if (!layout) {
      layout = this.layOut(messages, this.form, asPrompt);
      if (this.layouts.size === KNOWN_LAYOUTS) this.layouts.clear();
      this.layouts.set(key, layout);
    }
    return layout;
  }

  private layOut(messages: readonly Message[], form: ContentForm, asPrompt: boolean): Layout {
    return layOut(messages, asPrompt, {
      rendererOf: (marked) => this.renderer(marked.map((message) => templateMessage(message, form, this.imageToken))),
      imageToken: this.imageToken,
      specialTokens: [...this.tokenizer.specialTokens.keys()],
      answersOnly: this.options.answersOnly ?? false,
      error: (rule, problem) => this.error(rule, problem),
    });
  }

  /** Processors' templates take content in parts, those of language models plain text with the image token in it. */
  private findForm(): ContentForm {
    const probe: Message[] = [{ role: 'user', visuals: 1, text: 'x' }];
    const conversation: Message[] = [...probe, { role: 'assistant', text: 'y' }];
    try {
      this.layOut(conversation, 'parts', false);
      return 'parts';
    } catch (error) {
      const isRendered = this.renders(conversation, 'parts');
      try {
        this.layOut(conversation, 'text', false);
        return 'text';
      } catch (textError) {
        throw isRendered ? error : textError;
      }
    }
  }

  private renders(messages: readonly Message[], form: ContentForm): boolean {
    try {
      this.renderer(messages.map((message) => templateMessage(message, form, this.imageToken)))(messages.length, false);
      return true;
    } catch {
      return false;
    }
  }

  private error(rule: string, problem: { readonly value?: unknown; readonly hint?: string } = {}): InputError {
    const hint = 'Choose a conversation of your own with data.conversation';
    return new InputError({ file: this.file, field: 'chat_template', rule, hint, ...problem });
  }
}

/** What a layout depends on: who speaks, how many pictures are shown, whether there is a text beside them. */
const shapeOf = ({ role, visuals = 0, text }: Message): string =>
  `${role.charAt(0)}${visuals}${visuals > 0 && text === '' ? '-' : ''}`;

function fill(pieces: readonly LayoutPiece[], messages: readonly Message[]): Piece[] {
  return pieces.flatMap((piece): Piece[] => {
    if (piece.kind !== 'words') return [piece];
    let text = messages[piece.message]?.text ?? '';
    if (piece.trimStart) text = text.trimStart();
    if (piece.trimEnd) text = text.trimEnd();
    return text === '' ? [] : [{ kind: 'text', text, supervised: piece.supervised }];
  });
}
