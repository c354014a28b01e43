import { messageOf } from "../../../../lib/errors.ts";
import { ForgeError } from "./forge.ts";

/** Milliseconds for which a forge is left alone that says of a limit and of no time. */
const PAUSE_MS = 60_000;

/** How a question is told of when it went wrong. */
export interface Asked {
  /** E.g. `GitHub`. */
  readonly forge: string;
  /** What was asked about, e.g. `me/flask`. */
  readonly what: string;
  /** As whom: `token` or `App`. */
  readonly as: "token" | "App";
}

/** What Octokit throws, as far as it is read here. */
interface Failed {
  readonly status?: unknown;
  readonly response?: { readonly headers?: Readonly<Record<string, string | number | undefined>> };
}

/** Says in one line why a forge did not do what it was asked. */
export function toForgeError(error: unknown, asked: Asked, now = Date.now()): ForgeError {
  if (error instanceof ForgeError) return error;
  const { status, response } = error as Failed;
  const { forge, what, as } = asked;
  // What is read of an answer that broke off is not there.
  if (error instanceof TypeError) return brokeOff(forge);
  if (typeof status !== "number") return new ForgeError("other", `${forge} could not be asked: ${firstLine(error)}`);
  if (response === undefined) return new ForgeError("unreachable", `${forge} cannot be reached: ${firstLine(error)}`);
  const until = limitedUntil(status, response.headers ?? {}, messageOf(error), now);
  if (until !== undefined) {
    const seconds = Math.max(1, Math.ceil((until - now) / 1000));
    return new ForgeError("limited", `${forge} wants to be asked less: again in ${seconds} seconds`, until);
  }
  if (status === 401) {
    const mend = as === "token" ? "it was revoked, or has expired" : "its key is another, or it is gone";
    return new ForgeError("refused", `${forge} refuses the ${as}: ${mend}. Connect again.`);
  }
  if (status === 404) return new ForgeError("absent", `${what} is not there, or the ${as} may not see it`);
  if (status === 403) {
    return new ForgeError("forbidden", `the ${as} may not do this with ${what}: ${said(error)}`);
  }
  if (status >= 500) return new ForgeError("unreachable", `${forge} has trouble of its own (${status})`);
  return new ForgeError("other", `${forge} refuses this for ${what}: ${said(error)}`);
}

/** An answer that is no JSON though it says so: it broke off, and Octokit gives the text. */
export function whole<T>(data: T, { forge }: Asked): T {
  if (typeof data === "object" && data !== null) return data;
  throw brokeOff(forge);
}

function brokeOff(forge: string): ForgeError {
  return new ForgeError("unreachable", `an answer of ${forge} broke off`);
}

/** @returns when it may be asked again, if a limit was the reason */
function limitedUntil(
  status: number,
  headers: Readonly<Record<string, string | number | undefined>>,
  message: string,
  now: number,
): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const after = Number(headers["retry-after"]);
  if (headers["retry-after"] !== undefined && Number.isFinite(after)) return now + after * 1000;
  if (headers["x-ratelimit-remaining"] === "0") {
    const reset = Number(headers["x-ratelimit-reset"]) * 1000;
    return Number.isFinite(reset) && reset > now ? reset : now + PAUSE_MS;
  }
  return status === 429 || /\brate limit\b/i.test(message) ? now + PAUSE_MS : undefined;
}

function firstLine(error: unknown): string {
  return messageOf(error).split("\n", 1)[0] ?? "";
}

/** Without the address of the documentation, which Octokit puts behind what was said. */
function said(error: unknown): string {
  return firstLine(error)
    .replace(/ - https?:\S+$/, "")
    .slice(0, 300);
}
