import type { Check } from "../forge/forge.ts";

/** The contexts of our own statuses begin so. */
export const OWN_CONTEXT = "dynoform/";

/** Milliseconds for which a commit without any check is waited for. */
export const GRACE_MS = 60_000;

/** `none`: nothing checks this commit. `waiting`, `failed`: why it is not deployed, in words. */
type Verdict =
  | { readonly state: "passed" | "none"; readonly why?: undefined }
  | { readonly state: "waiting" | "failed"; readonly why: string };

/**
 * Whether a commit's checks let it be deployed: all of them have passed, neutral and skipped ones too. Suites without a
 * run are no checks, so whoever reads them leaves them out; what we say ourselves is left out here.
 *
 * @param age milliseconds since the commit was seen first
 */
export function verdictOf(checks: readonly Check[], age: number): Verdict {
  const others = checks.filter(({ name }) => !name.startsWith(OWN_CONTEXT));
  const named = (state: Check["state"]) => others.filter((check) => check.state === state).map(({ name }) => name);
  const failed = named("failed");
  if (failed.length > 0) return { state: "failed", why: `its checks did not pass: ${list(failed)}` };
  const pending = named("pending");
  if (pending.length > 0) return { state: "waiting", why: `its checks go on: ${list(pending)}` };
  if (others.length > 0) return { state: "passed" };
  return age < GRACE_MS ? { state: "waiting", why: "its checks have not begun" } : { state: "none" };
}

const SHOWN = 3;

function list(names: readonly string[]): string {
  const unique = [...new Set(names)];
  const more = unique.length - SHOWN;
  return `${unique.slice(0, SHOWN).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
