import type { IncomingMessage, ServerResponse } from "node:http";

/** What can be wrong with GitHub. */
export type Fault =
  | { readonly kind: "error"; readonly status: 500 | 502 | 503 }
  /** A secondary limit: 403 with `Retry-After`, in seconds. */
  | { readonly kind: "limited"; readonly retryAfter: number }
  /** The primary limit is used up until this moment, in seconds since 1970. */
  | { readonly kind: "exhausted"; readonly reset: number }
  /** Nothing comes for so many milliseconds, then the answer. @default 30000 */
  | { readonly kind: "silence"; readonly milliseconds?: number }
  /** The answer breaks off in the middle, though its end looks like one. */
  | { readonly kind: "truncated" }
  /** Connections are cut at once. */
  | { readonly kind: "unreachable" };

export interface Faults {
  /** Undefined: none. */
  current: Fault | undefined;
  /** Which requests meet it, e.g. `(method, path) => path.endsWith("/hooks")`. @default all */
  meets: (method: string, path: string) => boolean;
}

/** Answers a request as the fault has it. Gives whether it did; a silent one goes on. */
export async function answerFault(fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  const answer = (status: number, message: string, headers: Record<string, string> = {}) => {
    request.resume();
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
    response.end(JSON.stringify({ message, documentation_url: "https://docs.github.com/rest" }));
    return true;
  };
  switch (fault.kind) {
    case "error":
      return answer(fault.status, "Server Error");
    case "limited":
      return answer(403, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", {
        "retry-after": String(fault.retryAfter),
      });
    case "exhausted":
      return answer(403, "API rate limit exceeded", {
        "x-ratelimit-limit": "5000",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": String(fault.reset),
      });
    case "unreachable":
      request.socket.destroy();
      return true;
    case "silence": {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => resolve(false), fault.milliseconds ?? 30_000);
      response.once("close", () => {
        clearTimeout(timer);
        resolve(true);
      });
      return promise;
    }
    case "truncated":
      return false;
  }
}
