import { UserError } from "../../../../lib/errors.ts";
import { apiUrl, forgeName } from "../forge/addresses.ts";

/** Milliseconds that an answer may take. */
const ANSWER_TIMEOUT_MS = 10_000;

const silent = () => {};

/**
 * Asks GitHub as nobody in particular. The client is loaded when somebody first connects, so that a platform without
 * connections has no memory for it.
 *
 * @param baseUrl of GitHub's pages
 */
export async function anonymous(baseUrl: string) {
  const { Octokit } = await import("@octokit/core");
  const client = new Octokit({
    baseUrl: apiUrl(baseUrl),
    userAgent: "dynoform",
    // It would say what it asked, which has codes in it.
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: {
      fetch: (url: string, init: RequestInit) =>
        fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }),
    },
  });
  return client.request;
}

/** The methods of OAuth, loaded when somebody first needs them. */
export function oauthMethods() {
  return import("@octokit/oauth-methods");
}

/** What GitHub's refusal says. `status` 0: there was no answer, or half of one; `code`: OAuth's word. */
export function refusal(error: unknown): {
  readonly status: number;
  readonly code?: unknown;
  readonly interval?: unknown;
} {
  const { status, response } = error as { status?: number; response?: { data?: Record<string, unknown> } };
  if (status === undefined || response === undefined) return { status: 0 };
  return { status, code: response.data?.error, interval: response.data?.interval };
}

export function unreachable(baseUrl: string): UserError {
  return new UserError(`${forgeName(baseUrl)} does not answer. Try again when it does.`);
}

/** A page's address in an answer, which is put into pages of ours. @throws UserError for one that is none */
export function pageOf(url: unknown): string {
  const text = String(url);
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text.replace(/\/$/, "");
  throw new UserError("GitHub did not say where to go on. Try again.");
}
