import { createContext, Script } from 'node:vm';
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { InputError, messageOf } from '../../../shared/errors.ts';

/** Templates come with models: they are not trusted to end, nor to stay small. */
const LARGEST_TEMPLATE = 200_000;
const LARGEST_TEXT = 4_000_000;
const LONGEST_RANGE = 10_000;
const TIME_LIMIT_MS = 2000;

type Program = ReturnType<typeof parse>;

// V8 stops whatever runs below a script when the script's time is over: the only way to stop a loop in the same thread.
const timed = { context: createContext({ run: (): void => undefined }), script: new Script('run()') };

function withinTime<T>(work: () => T): T {
  let result: { readonly value: T } | undefined;
  timed.context['run'] = () => {
    result = { value: work() };
  };
  timed.script.runInContext(timed.context, { timeout: TIME_LIMIT_MS });
  return (result as unknown as { readonly value: T }).value;
}

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= LONGEST_RANGE)) throw new Error(`range() of more than ${LONGEST_RANGE} numbers`);
  return Array.from({ length: count }, (_, i) => from + i * step);
}

/**
 * What transformers gives every chat template, but for `strftime_now`: a date in the text would make two runs of one
 * recipe differ. Templates that use it have a fixed date for where it is not defined.
 */
const GLOBALS: Readonly<Record<string, unknown>> = {
  ...{ true: true, false: false, none: null, True: true, False: false, None: null },
  raise_exception: (reason: string): never => {
    throw new Error(reason);
  },
  range,
};

/** A Jinja template, rendered as transformers renders chat templates, within bounds of time and size. */
export class JinjaTemplate {
  private readonly file: string;
  private readonly program: Program;

  /** @throws InputError where it is too large or cannot be read */
  constructor(source: string, file: string) {
    this.file = file;
    if (source.length > LARGEST_TEMPLATE)
      throw this.error(`has ${source.length} characters: at most ${LARGEST_TEMPLATE} are read`);
    this.program = this.guarded('cannot be read as a Jinja template', () =>
      parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true })),
    );
  }

  /** @throws InputError with the template's reason, or the bound that was passed */
  render(variables: Readonly<Record<string, unknown>>): string {
    const text = this.guarded('cannot be rendered', () => {
      const environment = new Environment();
      for (const [name, value] of Object.entries({ ...GLOBALS, ...variables })) environment.set(name, value);
      // A whole template always gives a text.
      return new Interpreter(environment).run(this.program).value as string;
    });
    if (text.length > LARGEST_TEXT)
      throw this.error(`writes ${text.length} characters: at most ${LARGEST_TEXT} are taken`);
    return text;
  }

  private guarded<T>(what: string, work: () => T): T {
    try {
      return withinTime(work);
    } catch (cause) {
      // An error of the other context's own Error class.
      const isLate = (cause as { readonly code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
      const reason = isLate ? `it takes more than ${TIME_LIMIT_MS / 1000} seconds` : messageOf(cause);
      throw this.error(`${what}: ${reason}`, cause);
    }
  }

  private error(rule: string, cause?: unknown): InputError {
    const hint = 'Choose a conversation of your own with data.conversation';
    return new InputError({ file: this.file, field: 'chat_template', rule, hint }, { cause });
  }
}
