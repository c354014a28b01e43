import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { traceOf } from "../../../lib/errors.ts";
import { senderOf } from "../../../lib/sender.ts";
import { listenOn } from "../../../lib/unix-server.ts";
import type { Certificates } from "../tls/certificates.ts";
import { Front, type FrontOptions } from "../tls/front.ts";
import { tunnelOf } from "../tls/tunnel.ts";
import { visitorOf } from "../tls/visitors.ts";
import type { Aside, Clock } from "../types.ts";
import type { Answer, Handler, OpenCall } from "./call.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { ApiError, toApiError } from "./errors.ts";
import { type Gate, localGate, PUBLIC_HEADERS, type PublicOptions, publicGates } from "./gates.ts";
import type { Host } from "./hosts/index.ts";
import { BODY_LIMIT, Bodies, STRANGERS_BODY_LIMIT } from "./limits/body.ts";
import { answerClientError } from "./limits/client-error.ts";
import { RATES, RateLimit, type Rates } from "./limits/rate-limit.ts";
import { keepWaiting } from "./patience.ts";
import type { Accounts } from "./ports.ts";
import { notFoundHere, type OpenRoute, Routes } from "./routes.ts";
import { refuse, Tunnels } from "./tunnels.ts";

/** Times in milliseconds. */
const LIMITS = {
  // The official command line sends along the ids of all requests before.
  maxHeaderSize: 64 * 1024,
  headersTimeout: 30_000,
  // With its body: a large push through a slow tunnel takes hours. Bodies of the API have their own time.
  requestTimeout: 6 * 3_600_000,
  connectionsCheckingInterval: 5_000,
};

export interface ServerOptions {
  /** For whoever is let in. */
  readonly dispatcher: Dispatcher;
  readonly accounts: Pick<Accounts, "who">;
  /** For everybody: whose paths are secrets themselves, and those by which one is let in. */
  readonly open: readonly OpenRoute[];
  /** Asked before the API, in turn. */
  readonly asides: readonly Aside[];
  /** Without it, only plain HTTP is spoken. */
  readonly certificates?: Certificates | undefined;
  readonly rendezvous?: FrontOptions["rendezvous"];
  readonly database?: FrontOptions["database"];
  /** Host names of this server, besides those of this machine. */
  readonly names?: readonly string[] | undefined;
  /** Other hosts, served to who comes through this server as a proxy. Every other one is answered with a 404. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** @default RATES */
  readonly rates?: Rates | undefined;
  /** @default Date.now */
  readonly clock?: Clock | undefined;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** The API's HTTP server: who may come in, bodies, errors, ids of requests. What it serves stands in `handlers/`. */
export class ApiServer implements AsyncDisposable {
  readonly #options: ServerOptions;
  readonly open: Routes<Handler<OpenCall>>;
  readonly #front: Front;
  readonly #gate: Gate;
  readonly #accounts: RateLimit;
  readonly #strangers: RateLimit;
  readonly #bodies = new Bodies();

  constructor(options: ServerOptions) {
    this.#options = options;
    this.open = new Routes(options.open);
    const { certificates, rendezvous, database, clock = Date.now, rates = RATES } = options;
    this.#gate = localGate(options.asides, options.names);
    this.#accounts = new RateLimit(rates.account, clock);
    this.#strangers = new RateLimit(rates.stranger, clock);
    const http = createServer(LIMITS, (request, response) => void this.#serve(request, response, () => this.#gate));
    http.on("clientError", answerClientError);
    this.#front = new Front({ http, certificates, rendezvous, database });
  }

  /** @param port 0: any that is free */
  listen(port: number, host: string): Promise<AddressInfo> {
    return this.#front.listen(port, host);
  }

  /**
   * Serves whoever comes from anywhere, by the router.
   *
   * @param path a Unix socket in the folder that both have
   */
  async listenPublic(path: string, options: PublicOptions): Promise<AsyncDisposable> {
    const gateOf = publicGates(options);
    const { accounts } = this.#options;
    const take = this.#front.take.bind(this.#front);
    const tunnels = new Tunnels({ accounts, strangers: this.#strangers, take });
    const http = createServer(LIMITS, (request, response) => {
      for (const [name, value] of Object.entries(PUBLIC_HEADERS)) response.setHeader(name, value);
      void this.#serve(request, response, gateOf);
    });
    http.on("clientError", answerClientError);
    http.on("upgrade", (request, socket: Socket, head) => {
      socket.on("error", () => socket.destroy());
      const accepted = (async () => tunnels.accept(request, socket, head, gateOf(request)))();
      accepted.catch((error: unknown) => {
        const { status, id, message } = toApiError(error);
        refuse(socket, `${status} Refused`, id, message);
      });
    });
    const listening = await listenOn(http, path);
    return {
      async [Symbol.asyncDispose]() {
        tunnels[Symbol.dispose]();
        await listening[Symbol.asyncDispose]();
      },
    };
  }

  /** Takes other certificates for connections that come from now on. */
  renew(certificates: Certificates): void {
    this.#front.renew(certificates);
  }

  /** Ends every connection, open streams too: their clients come back to who serves next. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#front[Symbol.asyncDispose]();
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    gateOf: (of: IncomingMessage) => Gate,
  ): Promise<void> {
    const id = requestId(request);
    try {
      const gate = gateOf(request);
      const { guard } = gate;
      const other = gate.isPublic ? undefined : this.#otherHost(request);
      if (other === undefined) guard.checkHost(request.headers);
      // A page may be led to by a link from anywhere; what does something may not.
      if (!isSafe(request)) guard.checkOrigin(request.headers);
      if (other === undefined && gate.asides.some((aside) => aside(request, response))) return;
      response.setHeader("Request-Id", id);
      guard.checkOrigin(request.headers);
      if (!gate.hasApi) throw notFoundHere();
      const answer =
        other === undefined
          ? await this.#answerInTime(request, response, id, gate)
          : await this.#answerFor(other, request, response, id);
      // Of one who has left already, a stream would never be told.
      if (response.destroyed) return;
      if (!("stream" in answer)) send(response, answer.status ?? 200, answer.body, answer.headers);
      else if (request.method === "HEAD") response.end();
      else answer.stream(response);
    } catch (error) {
      this.#fail(request, response, id, error);
    }
  }

  async #answerInTime(request: IncomingMessage, response: ServerResponse, id: string, gate: Gate): Promise<Answer> {
    // The router would take a sign of life for the answer.
    if (gate.isPublic) return await this.#answer(request, response, id, gate);
    using _waiting = keepWaiting(request, response);
    return await this.#answer(request, response, id, gate);
  }

  async #answer(request: IncomingMessage, response: ServerResponse, id: string, gate: Gate): Promise<Answer> {
    const { path, query } = target(request);
    const { method: asked = "GET", headers } = request;
    const { address: from, remote } = senderOf(request);
    const { dispatcher } = this.#options;
    if (asked === "OPTIONS") {
      this.#strangers.take(from);
      return { status: 204, body: undefined, headers: { Allow: allowed([this.open, dispatcher.routes], path) } };
    }
    const method = asked === "HEAD" ? "GET" : asked;
    const onlyOpen = this.open.methods(path).length > 0 && dispatcher.routes.methods(path).length === 0;
    const open = onlyOpen ? this.open.find(method, path) : this.open.match(method, path);
    if (open !== undefined) {
      this.#strangers.take(from);
      const body = await this.#bodies.read(request, STRANGERS_BODY_LIMIT);
      const origin = gate.origin(request);
      return open.handler({ id, headers, origin, from, remote, params: open.params, query, body });
    }
    return this.#dispatch(dispatcher, request, response, id, gate);
  }

  /**
   * Which other host a request is for, whose sender takes this server for its proxy: the tunnel's, or that of a whole URL
   * in the first line. Where that is this server, the rest of the URL is what is asked.
   */
  #otherHost(request: IncomingMessage): string | undefined {
    const tunnel = tunnelOf(request.socket);
    if (tunnel !== undefined || request.url?.startsWith("/") !== false) return tunnel;
    if (!URL.canParse(request.url)) return undefined;
    const { host, hostname, pathname, search } = new URL(request.url);
    request.url = `${pathname}${search}`;
    // It says more than the header.
    request.headers.host = host;
    return this.#gate.guard.isOwn(request.headers) ? undefined : hostname;
  }

  /** Answers for a host that the sender takes to be elsewhere. Nothing is ever asked of that host. */
  async #answerFor(name: string, request: IncomingMessage, response: ServerResponse, id: string): Promise<Answer> {
    const host = this.#options.hosts.get(name);
    if (host !== undefined && host.dispatcher.routes.methods(target(request).path).length > 0) {
      return this.#dispatch(host.dispatcher, request, response, id, this.#gate, host.who);
    }
    this.#strangers.take(senderOf(request).address);
    throw new ApiError(404, "not_found", host?.absent ?? `${name} is not part of this platform.`);
  }

  /** Asks who it is, and has a dispatcher answer. */
  async #dispatch(
    dispatcher: Dispatcher,
    request: IncomingMessage,
    response: ServerResponse,
    id: string,
    gate: Gate,
    who: Host["who"] = undefined,
  ): Promise<Answer> {
    const { path, query } = target(request);
    const { method: asked = "GET", headers } = request;
    const sender = senderOf(request);
    const { address: from, remote } = sender;
    const { accounts } = this.#options;
    const caller = await (who === undefined ? accounts.who(headers.authorization, sender) : who(headers.authorization));
    if (caller === undefined) {
      this.#strangers.take(from);
      throw new ApiError(401, "unauthorized", "Invalid credentials provided.");
    }
    response.setHeader("RateLimit-Remaining", this.#accounts.take(caller.id));
    const body = await this.#bodies.read(request, BODY_LIMIT);
    const method = asked === "HEAD" ? "GET" : asked;
    const origin = gate.origin(request);
    // The port by which whoever came from anywhere reaches this one leads to Postgres as well.
    const postgresPort = visitorOf(request.socket) && Number(new URL(origin).port);
    return dispatcher.dispatch(caller, { method, path, query, body, headers, origin, from, remote, postgresPort, id });
  }

  #fail(request: IncomingMessage, response: ServerResponse, id: string, error: unknown): void {
    const { status, id: code, message, extra, headers } = toApiError(error);
    // Our own errors say all there is to say.
    if (status >= 500 && !(error instanceof ApiError)) {
      const trace = traceOf(error);
      // Not the path, which may be a secret.
      this.#options.report(`${request.method} request ${id}: ${trace}`);
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // What is left of a body that was not read would be taken for the next request.
    const last = { ...headers, ...(!request.complete && { Connection: "close" }) };
    send(response, status, { id: code, message, ...extra }, last);
  }
}

/** Whether it only asks for something to be shown. */
function isSafe({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

/** The methods for a path, as the header `Allow` has them. @throws ApiError 404 */
function allowed(all: readonly { methods(path: string): string[] }[], path: string): string {
  const methods = all.flatMap((routes) => routes.methods(path));
  if (methods.length === 0) throw notFoundHere();
  return methods.join(", ");
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
  const text = body === undefined ? "" : JSON.stringify(body);
  response.writeHead(status, {
    ...(body !== undefined && { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
    "Cache-Control": "no-store",
    ...(status === 401 && { "WWW-Authenticate": 'Bearer realm="dynoform"' }),
    ...headers,
  });
  response.end(text);
}
