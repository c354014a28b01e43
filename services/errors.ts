import { UserError as SettingsError } from "../infra/check/problems.ts";

/** Something the user can mend: shown without a stack. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** Whether an error tells the user all there is to know; wrong settings are found by `infra/`. */
export function isUserError(error: unknown): boolean {
  return error instanceof UserError || error instanceof SettingsError;
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
