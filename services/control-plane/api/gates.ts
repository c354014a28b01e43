import type { IncomingMessage } from "node:http";
import type { Aside } from "../types.ts";
import { ApiError } from "./errors.ts";
import { BrowserGuard, nameOf, THIS_MACHINE } from "./limits/browsers.ts";
import { originOf } from "./origin.ts";

/** A way to this server. */
export interface Gate {
  readonly guard: BrowserGuard;
  /** Asked before the API, in turn. */
  readonly asides: readonly Aside[];
  /** Whether the API itself is there. */
  readonly hasApi: boolean;
  /** Whether it comes by the router, from anywhere. */
  readonly isPublic: boolean;
  /** Where the sender of a request reaches this server, e.g. `http://127.0.0.1:5000`. */
  origin(request: IncomingMessage): string;
}

/** What is reached from anywhere. */
export interface PublicOptions {
  /** The host names of API and Git. */
  readonly names: { readonly api: string; readonly git: string };
  /** What is served at each besides the API. */
  readonly asides: { readonly api: readonly Aside[]; readonly git: readonly Aside[] };
}

/** The port of this machine. @param names of this server there, besides this machine's own */
export function localGate(asides: readonly Aside[], names: readonly string[] = []): Gate {
  const guard = new BrowserGuard([...THIS_MACHINE, ...names]);
  return { guard, asides, hasApi: true, isPublic: false, origin: originOf };
}

/** Finds the way of a request that came by the router: by its host alone. */
export function publicGates({ names, asides }: PublicOptions): (request: IncomingMessage) => Gate {
  const gates = new Map(
    (["api", "git"] as const).map((part): [string, Gate] => [
      names[part],
      {
        guard: new BrowserGuard([names[part]]),
        asides: asides[part],
        hasApi: part === "api",
        isPublic: true,
        origin: ({ headers }) => `https://${headers.host?.toLowerCase()}`,
      },
    ]),
  );
  return (request) => {
    const gate = gates.get(nameOf(request.headers));
    // The router refuses both; it is not what a token depends on.
    if (gate === undefined) throw new ApiError(421, "misdirected_request", "There is nothing at that name.");
    if (request.headers["x-forwarded-proto"] !== "https") throw new ApiError(403, "https_only", "Ask by HTTPS.");
    if (request.url?.startsWith("/") !== true) throw new ApiError(400, "bad_request", "This is no proxy.");
    return gate;
  };
}

/** What every answer to whoever comes from anywhere has: it is no page, and for no page. */
export const PUBLIC_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};
