import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Answer, type Call, Moved, Refusal, type Route } from "./call.ts";
import type { Deliveries } from "./deliveries.ts";
import { answerFault, type Faults } from "./faults.ts";
import { isGit, serveGit } from "./git-http.ts";
import type { Operations } from "./operations.ts";
import { routes } from "./routes/index.ts";
import type { Place } from "./shapes.ts";
import { fullName, type State, type Token } from "./state.ts";

/** A request that came, for tests that count. */
export interface Recorded {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whether it asked only for what has changed. */
  readonly conditional: boolean;
}

interface Parts {
  readonly state: State;
  readonly place: () => Place;
  readonly faults: Faults;
  readonly operations: Operations;
  readonly deliveries: Deliveries;
  readonly requests: Recorded[];
  /** Pages and calls of the site itself, such as the device flow's. Gives whether there is one. */
  site(call: Omit<Call, "params" | "rest">, method: string, path: string): Promise<Answer | undefined>;
  problem(line: string): void;
}

const BODY_LIMIT = 1 << 20;

export function handler(parts: Parts) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response, parts).catch((error) => {
      parts.problem(`${request.method} ${request.url}: ${error instanceof Error ? error.stack : error}`);
      response.headersSent ? response.destroy() : response.writeHead(500).end();
    });
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<void> {
  const { faults, state, requests } = parts;
  const place = parts.place();
  const { method = "GET" } = request;
  const url = new URL(request.url ?? "/", place.url);
  const conditional = request.headers["if-none-match"] !== undefined;
  const fault = faults.current !== undefined && faults.meets(method, url.pathname) ? faults.current : undefined;
  response.on("close", () => {
    const path = `${url.pathname}${url.search}`;
    requests.push({
      method,
      path,
      status: response.headersSent ? response.statusCode : 0,
      at: Date.now(),
      conditional,
    });
  });
  if (fault !== undefined && (await answerFault(fault, request, response))) return;
  if (isGit(url.pathname)) return serveGit(request, response, url, state, tokenOf(request, state));

  const body = await bodyOf(request);
  const call: Omit<Call, "params" | "rest"> = {
    state,
    query: url.searchParams,
    body: body ?? {},
    headers: request.headers,
    token: tokenOf(request, state),
    ...place,
    emit: parts.deliveries.emit,
    redeliver: parts.deliveries.redeliver,
  };
  const answer = await answerTo(call, method, url, body, parts);
  send(response, request, answer, fault?.kind === "truncated", call.token);
}

async function answerTo(
  call: Omit<Call, "params" | "rest">,
  method: string,
  url: URL,
  body: Readonly<Record<string, unknown>> | undefined,
  parts: Parts,
): Promise<Answer> {
  const path = byName(/^\/api\/v3(\/.*)$/.exec(url.pathname)?.[1], parts.state);
  if (path === undefined) {
    const answer = await parts.site(call, method, url.pathname);
    if (answer === undefined) parts.problem(`${method} ${url.pathname} is nothing that this stand-in has`);
    return answer ?? { status: 404, body: { message: "Not Found" } };
  }
  const found = find(method, path);
  if (found === undefined) {
    parts.problem(`${method} ${path} is nothing that this stand-in has`);
    return { status: 404, body: { message: "Not Found" } };
  }
  const [{ path: template, answer }, params] = found;
  const name = `${method} ${template}`;
  parts.operations.request(name, url.searchParams, body);
  const answered = await refusals(method, async () => {
    if (call.headers.authorization !== undefined && call.token === undefined && !isJwt(call.headers.authorization)) {
      throw new Refusal(401, "Bad credentials");
    }
    return answer({
      ...call,
      params,
      rest: `${path
        .split("/")
        .slice(4)
        .map((each) => `/${each}`)
        .join("")}${url.search}`,
    });
  });
  parts.operations.answer(name, answered.status, answered.body);
  return answered;
}

async function refusals(method: string, answer: () => Promise<Answer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    const documentation_url = "https://docs.github.com/rest";
    if (error instanceof Moved) {
      const { message, location } = error;
      return {
        status: method === "GET" ? 301 : 307,
        body: { message, url: location, documentation_url },
        headers: { location },
      };
    }
    if (!(error instanceof Refusal)) throw error;
    const { status, message, errors } = error;
    return { status, body: { message, ...(errors && { errors }), documentation_url, status: String(status) } };
  }
}

/** GitHub redirects to a repository by its number, below which is all that is below its name. */
function byName(path: string | undefined, state: State): string | undefined {
  const [, id, rest = ""] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path ?? "") ?? [];
  const found = state.repositories.find((each) => each.id === Number(id));
  return found === undefined ? path : `/repos/${fullName(found)}${rest}`;
}

const PATTERNS = routes.map((route) => {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  // References have slashes.
  const pattern = route.path.replaceAll(/\{(ref|basehead|branch)\}/g, "(.+)").replaceAll(/\{\w+\}/g, "([^/]+)");
  return { route, names, pattern: new RegExp(`^${pattern}$`) };
});

/** Longer templates first: `/commits/{ref}/status` before `/commits/{ref}`. */
PATTERNS.sort((left, right) => right.route.path.length - left.route.path.length);

function find(method: string, path: string): [Route, Record<string, string>] | undefined {
  for (const { route, names, pattern } of PATTERNS) {
    const match = route.method === method ? pattern.exec(path) : null;
    if (match === null) continue;
    return [route, Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? "")]))];
  }
  return undefined;
}

function tokenOf({ headers }: IncomingMessage, state: State): Token | undefined {
  const [scheme = "", value = ""] = (headers.authorization ?? "").split(" ");
  const given =
    scheme.toLowerCase() === "basic"
      ? Buffer.from(value, "base64").toString("utf8").split(":").slice(1).join(":")
      : value;
  const token = state.tokens.get(given);
  if (token === undefined || token.revoked || (token.expires ?? Number.POSITIVE_INFINITY) < Date.now())
    return undefined;
  return token;
}

/** By which a GitHub App itself asks. */
function isJwt(authorization: string): boolean {
  return /^bearer [\w-]+\.[\w-]+\.[\w-]+$/i.test(authorization);
}

async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>> | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT) throw new Error("the body is too large");
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "") return undefined;
  const isForm = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  return isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
}

function send(
  response: ServerResponse,
  { headers }: IncomingMessage,
  { status, body, text = body === undefined ? "" : JSON.stringify(body), headers: more = {} }: Answer,
  truncated: boolean,
  token: Token | undefined,
): void {
  const etag = `W/"${createHash("sha256").update(text).digest("hex")}"`;
  const unchanged = status === 200 && headers["if-none-match"] === etag;
  response.setHeader("x-github-request-id", "0000:0000:0000");
  response.setHeader("x-ratelimit-limit", token === undefined ? "60" : "5000");
  response.setHeader("x-ratelimit-remaining", token === undefined ? "59" : "4999");
  response.setHeader("x-ratelimit-reset", String(Math.floor(Date.now() / 1000) + 3600));
  response.setHeader("x-ratelimit-resource", "core");
  for (const [name, value] of Object.entries(more)) response.setHeader(name, value);
  if (status === 200) response.setHeader("etag", etag);
  if (unchanged) {
    response.writeHead(304).end();
    return;
  }
  if (text !== "" && !response.hasHeader("content-type")) {
    response.setHeader("content-type", "application/json; charset=utf-8");
  }
  response.writeHead(status).end(truncated ? text.slice(0, Math.floor(text.length / 2)) : text);
}
