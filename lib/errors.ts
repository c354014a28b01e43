/** What a mistake is about: `invalid` what was asked for, `conflict` with what goes on meanwhile. */
export type UserErrorKind = "invalid" | "conflict";

/**
 * Something the user can mend: shown without a stack, by us and by Pulumi.
 *
 * @param problems one line each: what is wrong and how to mend it
 */
export class UserError extends Error {
  override readonly name: string = "UserError";
  readonly problems: readonly string[];
  /** Default: `invalid`. */
  readonly kind: UserErrorKind;

  constructor(problems: string | readonly string[], options: ErrorOptions & { readonly kind?: UserErrorKind } = {}) {
    const lines = typeof problems === "string" ? [problems] : problems;
    super(lines.join("\n"), options);
    this.problems = lines;
    this.kind = options.kind ?? "invalid";
  }

  /** By this, Pulumi knows its own `RunError`, of which it prints the message alone. Its class would load gRPC. */
  get __pulumiRunError(): true {
    return true;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error for whoever looks for its cause: with its stack, if it has one. */
export function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** The HTTP status that Docker's API answered with; undefined for every other error. */
export function dockerStatus(error: unknown): number | undefined {
  return error instanceof Error && "statusCode" in error ? Number(error.statusCode) : undefined;
}

/** Whether Docker's API answered that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return dockerStatus(error) === 404;
}

/** Whether Docker refused an update because somebody else has changed the same thing since it was read. */
export function isOutdated(error: unknown): boolean {
  // Its status is that of everything else that goes wrong.
  return /out of sequence/.test(messageOf(error));
}

/** Whether a file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** Whether nobody answered, as while Docker is being started again. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error && "code" in error)) return false;
  return error.code === "ECONNRESET" || ("syscall" in error && error.syscall === "connect");
}
