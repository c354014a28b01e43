import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "../../errors.ts";
import type { ServerCertificate } from "../tls/certificates.ts";
import { Front, type FrontOptions } from "../tls/front.ts";
import { type Answer, type Handler, type OpenCall, readBody } from "./call.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { ApiError, toApiError } from "./errors.ts";
import { originOf } from "./origin.ts";
import type { Accounts } from "./ports.ts";
import { type OpenRoute, Routes } from "./routes.ts";

/** The official command line sends along the ids of all requests before. */
const HEADER_LIMIT = 64 * 1024;

/** Milliseconds that a request's body may take: a large push through a slow tunnel takes hours. */
const REQUEST_TIMEOUT = 6 * 3_600_000;

/** Serves what is no part of the API; false: it is not its own. */
export type Aside = (request: IncomingMessage, response: ServerResponse) => boolean;

export interface ServerOptions {
  /** For whoever is let in. */
  readonly dispatcher: Dispatcher;
  readonly accounts: Pick<Accounts, "who">;
  /** For everybody: whose paths are secrets themselves, and those by which one is let in. */
  readonly open: readonly OpenRoute[];
  /** Asked before the API, in turn. */
  readonly asides: readonly Aside[];
  /** Without it, only plain HTTP is spoken. */
  readonly certificate?: ServerCertificate | undefined;
  readonly rendezvous?: FrontOptions["rendezvous"];
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** The API's HTTP server: who may come in, bodies, errors, ids of requests. What it serves stands in `handlers/`. */
export class ApiServer implements AsyncDisposable {
  readonly #options: ServerOptions;
  readonly #open: Routes<Handler<OpenCall>>;
  readonly #front: Front;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#open = new Routes(options.open);
    const limits = { maxHeaderSize: HEADER_LIMIT, requestTimeout: REQUEST_TIMEOUT };
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    const { certificate, rendezvous } = options;
    this.#front = new Front({ http: createServer(limits, serve), certificate, rendezvous });
  }

  /** @param port 0: any that is free */
  listen(port: number, host: string): Promise<AddressInfo> {
    return this.#front.listen(port, host);
  }

  /** Takes another certificate for connections that come from now on. */
  renew(certificate: ServerCertificate): void {
    this.#front.renew(certificate);
  }

  /** Ends every connection, open streams too: their clients come back to who serves next. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#front[Symbol.asyncDispose]();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#options.asides.some((aside) => aside(request, response))) return;
    const id = requestId(request);
    response.setHeader("Request-Id", id);
    try {
      const answer = await this.#answer(request, id);
      if ("stream" in answer) answer.stream(response);
      else send(response, answer.status ?? 200, answer.body, answer.headers);
    } catch (error) {
      this.#fail(request, response, id, error);
    }
  }

  async #answer(request: IncomingMessage, id: string): Promise<Answer> {
    const { path, query } = target(request);
    const { method = "GET", headers, socket } = request;
    const from = socket.remoteAddress ?? "";
    const origin = originOf(request);
    const open = this.#open.match(method, path);
    if (open !== undefined) {
      const body = await readBody(request);
      return open.handler({ id, headers, origin, from, params: open.params, query, body });
    }
    const { accounts, dispatcher } = this.#options;
    const caller = await accounts.who(headers.authorization, from);
    if (caller === undefined) throw new ApiError(401, "unauthorized", "Invalid credentials provided.");
    const body = await readBody(request);
    return dispatcher.dispatch(caller, { method, path, query, body, headers, origin, from, id });
  }

  #fail(request: IncomingMessage, response: ServerResponse, id: string, error: unknown): void {
    const { status, id: code, message, extra } = toApiError(error);
    if (status >= 500) {
      const trace = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
      // Not the path, which may be a secret.
      this.#options.report(`${request.method} request ${id}: ${trace}`);
    }
    if (response.headersSent) response.destroy();
    // What is left of a body that was not read would be taken for the next request.
    else send(response, status, { id: code, message, ...extra }, request.complete ? {} : { Connection: "close" });
  }
}

function target(request: IncomingMessage): { path: string; query: URLSearchParams } {
  const [path = "/", query] = (request.url ?? "/").split(/\?(.*)/s, 2);
  return { path, query: new URLSearchParams(query) };
}

/** The client's own id, the newest first, or a new one. */
function requestId(request: IncomingMessage): string {
  const given = request.headers["request-id"]?.toString().split(",")[0]?.trim();
  return given !== undefined && /^[\w.-]{1,100}$/.test(given) ? given : randomUUID();
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    ...(status === 401 && { "WWW-Authenticate": 'Bearer realm="dynoform"' }),
    ...headers,
  });
  response.end(text);
}
