/** One command of the terminal program: a module in this folder that exports these three. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Full help: the arguments and options, shown for `llavolta <command> --help`. */
  readonly usage: string;
  /**
   * Runs the command with the arguments that follow its name and resolves to the exit code.
   * Throws `InputError` for input the user can mend; the caller prints its message.
   */
  run(argv: string[]): Promise<number>;
}
