/** Exit codes of the `pulumi` command, as the real CLI uses them. */
export const ExitCode = {
  failure: 1,
  invocation: 2,
  stackNotFound: 6,
  changesFound: 7,
} as const;

/** What a person did wrong or must know: one clear line on stderr, after `error: `, and an exit code. */
export class UserError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number = ExitCode.failure) {
    super(message);
    this.exitCode = exitCode;
  }
}
