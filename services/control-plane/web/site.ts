import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { traceOf } from "../../../lib/errors.ts";
import { senderOf } from "../../../lib/sender.ts";
import { ApiError, toApiError } from "../api/errors.ts";
import { Bodies } from "../api/limits/body.ts";
import { Routes } from "../api/routes.ts";
import { serveAsset } from "./assets.ts";
import { cookieHeader, readCookie, SESSION_COOKIE, VISITOR_COOKIE } from "./cookies.ts";
import { CSRF_FIELD, csrfToken, isCsrfToken, isSameOrigin } from "./csrf.ts";
import { errorPage } from "./error-page.ts";
import { readForm } from "./form.ts";
import { PAGE_HEADERS, SECURITY_HEADERS } from "./headers.ts";
import type { MemberRoute, MemberVisit, Page, PublicRoute, Reply, Session, Sessions, Visit } from "./visit.ts";

export interface SiteOptions {
  readonly members: readonly MemberRoute[];
  readonly everybody: readonly PublicRoute[];
  readonly sessions: Sessions;
  /** Where to log in; gets `?next=` with the path that was asked for. */
  readonly login: string;
  /** @default new Bodies() */
  readonly bodies?: Bodies;
  /** Gets what nobody foresaw. */
  report(problem: string): void;
}

/** The pages of the control plane: who sees them, forms that may be trusted, errors. What they show is elsewhere. */
export class Site {
  readonly #options: SiteOptions;
  readonly #members: Routes<Page>;
  readonly #everybody: Routes<Page<Visit>>;
  readonly #bodies: Bodies;

  constructor(options: SiteOptions) {
    this.#options = options;
    this.#bodies = options.bodies ?? new Bodies();
    this.#members = new Routes(options.members);
    this.#everybody = new Routes(options.everybody);
  }

  /** @param secure whether it came over HTTPS, which is then the only way here */
  async serve(request: IncomingMessage, response: ServerResponse, secure = false): Promise<void> {
    const visitor = readCookie(request.headers, VISITOR_COOKIE, secure) ?? randomBytes(24).toString("base64url");
    try {
      const url = target(request, secure);
      if (serveAsset(url.pathname, response)) return;
      const visit = await this.#visit(request, url, visitor, secure);
      try {
        send(response, await this.#answer(request, visit), visit, visitor);
      } catch (error) {
        send(response, this.#fail(request, visit, error), visit, visitor);
      }
    } catch (error) {
      // Not even who asks could be found out.
      const problem = this.#problem(request, error);
      if (!response.headersSent)
        response.writeHead(problem.status, { ...SECURITY_HEADERS, "Content-Type": "text/plain" });
      response.end(`${problem.message}\n`);
    }
  }

  async #visit(request: IncomingMessage, url: URL, visitor: string, secure: boolean): Promise<Visit> {
    const { headers, method = "GET" } = request;
    const session = await this.#session(request, secure);
    return {
      // Node leaves the body of an answer to HEAD away by itself.
      method: method === "HEAD" ? "GET" : method,
      path: url.pathname,
      params: {},
      query: url.searchParams,
      form: new URLSearchParams(),
      headers,
      origin: url.origin,
      from: senderOf(request).address,
      secure,
      session,
      csrf: csrfToken(session?.cookie ?? visitor),
    };
  }

  async #session({ headers }: IncomingMessage, secure: boolean): Promise<Session | undefined> {
    const cookie = readCookie(headers, SESSION_COOKIE, secure);
    if (cookie === undefined) return undefined;
    const caller = await this.#options.sessions.find(cookie);
    return caller && { caller, cookie };
  }

  async #answer(request: IncomingMessage, visit: Visit): Promise<Reply> {
    const { method, path } = visit;
    const open = this.#everybody.match(method, path);
    if (open === undefined && visit.session === undefined) return this.#toLogin(visit);
    const { handler, params } = open ?? this.#members.find(method, path);
    const form = method === "POST" ? await readForm(request, this.#bodies) : visit.form;
    if (method === "POST") checkForm(request, visit, form);
    // Those of members are found for members only.
    return (handler as Page)({ ...visit, params, form } as MemberVisit);
  }

  #toLogin({ method, path, query }: Visit): Reply {
    const wanted = method === "GET" && path !== "/" ? `${path}${query.size > 0 ? `?${query}` : ""}` : undefined;
    return {
      redirect: `${this.#options.login}${wanted === undefined ? "" : `?${new URLSearchParams({ next: wanted })}`}`,
    };
  }

  #fail(request: IncomingMessage, visit: Visit, error: unknown): Reply {
    const { status, message } = this.#problem(request, error);
    // What is left of a body that was not read would be taken for the next request.
    const headers: Record<string, string> = request.complete ? {} : { Connection: "close" };
    return { status, document: errorPage(visit, status, message), headers };
  }

  #problem({ method }: IncomingMessage, error: unknown): ApiError {
    const problem = toApiError(error);
    if (problem.status >= 500) {
      // Not the path, which may be a secret.
      this.#options.report(`${method} page: ${traceOf(error)}`);
    }
    return problem;
  }
}

function target({ url = "/", headers }: IncomingMessage, secure: boolean): URL {
  const host = headers.host ?? "";
  if (!url.startsWith("/") || !/^[A-Za-z0-9.:[\]-]+$/.test(host))
    throw new ApiError(400, "bad_request", "No such place.");
  // Not resolved against the host, which a path with two slashes would replace.
  const [path = "/", query = ""] = url.split("?", 2);
  const place = new URL(`${secure ? "https" : "http"}://${host}`);
  place.pathname = path;
  place.search = query;
  return place;
}

function checkForm({ headers }: IncomingMessage, { session, secure }: Visit, form: URLSearchParams): void {
  const secret = session?.cookie ?? readCookie(headers, VISITOR_COOKIE, secure);
  if (isSameOrigin(headers, secure) && isCsrfToken(secret, form.get(CSRF_FIELD))) return;
  throw new ApiError(
    403,
    "forbidden",
    "This form is out of date, or came from elsewhere. Go back, reload the page and try again.",
  );
}

function send(response: ServerResponse, reply: Reply, visit: Visit, visitor: string): void {
  // Of one who has left already, a stream would never be told.
  if (response.destroyed) return;
  if ("stream" in reply) {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    reply.stream(response);
    return;
  }
  const { secure } = visit;
  const isNew = visit.session === undefined && readCookie(visit.headers, VISITOR_COOKIE, secure) === undefined;
  const set = [...(reply.cookies ?? []), ...(isNew ? [{ name: VISITOR_COOKIE, value: visitor }] : [])];
  const cookies = set.map((cookie) => cookieHeader(cookie, secure));
  const headers = { ...PAGE_HEADERS, ...(cookies.length > 0 && { "Set-Cookie": cookies }) };
  if ("redirect" in reply) response.writeHead(303, { ...headers, Location: reply.redirect }).end();
  else response.writeHead(reply.status ?? 200, { ...headers, ...reply.headers }).end(reply.document.text);
}
