/** What a bad input is told: where it is, what was found, what is allowed and what to do. */
export interface InputProblem {
  /** File or source the value came from, as the user named it. */
  readonly file?: string;
  /** Path of the field inside the file, e.g. `stages[1].stride` or `conversations[0].from`. */
  readonly field?: string;
  /** The value that was found. It is shortened for display. */
  readonly value?: unknown;
  /** The rule that was broken, with its limit, e.g. `must be 1 or more`. */
  readonly rule: string;
  /** What the user can do about it. */
  readonly hint?: string;
}

const SHOWN_VALUE_LENGTH = 80;

function showValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_VALUE_LENGTH ? `${text.slice(0, SHOWN_VALUE_LENGTH)}…` : text;
}

/** The code of a system error (`ENOENT`, `ENOSPC` …); undefined for any other error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Input from outside (file, command line, HTTP, process message) that breaks a rule: the user's to mend, not a fault of ours. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly problem: InputProblem;

  constructor(problem: InputProblem, options?: ErrorOptions) {
    const where = [problem.file, problem.field].filter(Boolean).join(': ');
    const found = problem.value === undefined ? '' : ` (found ${showValue(problem.value)})`;
    const hint = problem.hint ? `. ${problem.hint}` : '';
    super(`${where}${where ? ': ' : ''}${problem.rule}${found}${hint}`, options);
    this.problem = problem;
  }
}
