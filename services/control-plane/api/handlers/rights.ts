import { TooManyAttempts } from "../../accounts/attempts.ts";
import { WrongCredentials } from "../../accounts/logins.ts";
import { PasswordsBusy } from "../../accounts/passwords.ts";
import type { Call } from "../call.ts";
import { DryRun } from "../dry-run.ts";
import { ApiError } from "../errors.ts";

/** @throws ApiError 403 for a member */
export function adminOnly({ caller }: Call): void {
  if (caller.role !== "admin") throw new ApiError(403, "forbidden", "Only an admin may do that.");
}

/** Ends a call that only asks what would happen. @param description what would */
export function onlyPlanned(call: Call, description: string): void {
  if (call.dryRun) throw new DryRun(call.params.app ?? "", description);
}

/** Says why somebody was not let in. */
export function refusedLogin(error: unknown): never {
  if (error instanceof WrongCredentials) throw new ApiError(401, "unauthorized", error.message);
  if (error instanceof TooManyAttempts) {
    throw new ApiError(429, "rate_limit", error.message, {}, { "Retry-After": String(error.retryAfter) });
  }
  if (error instanceof PasswordsBusy) throw new ApiError(503, "service_unavailable", error.message);
  throw error;
}
