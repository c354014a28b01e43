import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";

/** Seconds for which a change is waited for when its client says nothing else; many give up after 60. */
const CHANGE_WAIT_SECONDS = 50;

/** The official command line waits as long as something comes within 60 seconds. */
const OFFICIAL = /^heroku-cli\//;
/** Milliseconds between two signs of life to it. */
const SIGN_OF_LIFE_MS = 20_000;

/** Seconds for which a client waits for a change: what it says itself (`Prefer: wait=SECONDS`, RFC 7240) counts first. */
export function patienceOf(headers: IncomingHttpHeaders): number {
  const wanted = /(?:^|[,;\s])wait=(\d{1,6})\b/.exec(String(headers.prefer ?? ""))?.[1];
  if (wanted !== undefined) return Number(wanted);
  return isOfficial(headers) ? Number.POSITIVE_INFINITY : CHANGE_WAIT_SECONDS;
}

/**
 * Keeps the official command line waiting until there is an answer: `100 Continue` is one that HTTP lets come any
 * number of times before the answer itself.
 */
export function keepWaiting(request: IncomingMessage, response: ServerResponse, every = SIGN_OF_LIFE_MS): Disposable {
  if (!isOfficial(request.headers)) return { [Symbol.dispose]() {} };
  const timer = setInterval(() => {
    if (!response.headersSent && !response.destroyed) response.writeContinue();
  }, every);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function isOfficial(headers: IncomingHttpHeaders): boolean {
  return OFFICIAL.test(headers["user-agent"] ?? "");
}
