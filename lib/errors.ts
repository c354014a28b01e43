/** Something the user can mend: shown without a stack. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether Docker's API answered that there is no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Error && "statusCode" in error && error.statusCode === 404;
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
