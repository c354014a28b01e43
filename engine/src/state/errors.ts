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

/** A process that holds a stack's lock. */
export interface LockHolder {
  /** The lock's record, as people may see it. */
  readonly place: string;
  readonly who: string;
  readonly host: string;
  readonly pid: number;
  /** RFC 3339, to the second. */
  readonly since: string;
}

/** Somebody else is changing the stack. */
export class StackLockedError extends UserError {
  readonly holders: readonly LockHolder[];

  /** @param holders at least one */
  constructor(holders: readonly LockHolder[]) {
    const lines = holders.map(
      ({ place, who, host, pid, since }) => `\n  ${place}: created by ${who}@${host} (pid ${pid}) at ${since}`,
    );
    super(
      `the stack is currently locked by ${holders.length} lock(s). Either wait for the other process(es) to end or ` +
        `delete the lock file with \`pulumi cancel\`.${lines.join("")}`,
    );
    this.holders = holders;
  }
}
