// Apart from `errors.ts`, since Pulumi's errors, which those of `infra/` are, take gRPC along.

import { UserError } from "../lib/errors.ts";
import { UserError as SettingsError } from "../lib/validation/problems.ts";

/** Whether an error tells the user all there is to know; wrong settings are found by `infra/`. */
export function isUserError(error: unknown): boolean {
  return error instanceof UserError || error instanceof SettingsError;
}
