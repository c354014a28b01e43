import type { IncomingHttpHeaders } from "node:http";
import {
  type Delivery,
  fullName,
  type Hook,
  type Permission,
  type Repository,
  type State,
  type Token,
} from "./state.ts";

/** An error as GitHub answers it. */
export class Refusal extends Error {
  readonly status: number;
  readonly errors: readonly object[] | undefined;

  constructor(status: number, message: string, errors?: readonly object[]) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

export interface Answer {
  readonly status: number;
  /** None: no body at all. */
  readonly body?: unknown;
  /** In place of a body that is JSON. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request to the REST API. */
export interface Call {
  readonly state: State;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingHttpHeaders;
  /** Undefined: nobody has logged in. */
  readonly token: Token | undefined;
  /** Where this GitHub is, e.g. `http://127.0.0.1:4000`. */
  readonly url: string;
  readonly api: string;
  /** What follows the repository in the path, with the query. */
  readonly rest: string;
  /** Sends an event to the hooks of a repository that want it, or to one. */
  emit(repository: Repository, event: string, payload: object, to?: Hook): void;
  redeliver(delivery: Delivery): void;
}

export interface Route {
  readonly method: string;
  /** As GitHub's OpenAPI description names it, e.g. `/repos/{owner}/{repo}`. */
  readonly path: string;
  answer(call: Call): Promise<Answer> | Answer;
}

export function route(method: string, path: string, answer: Route["answer"]): Route {
  return { method, path, answer };
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown): Answer => ({ status: 201, body });
export const nothing: Answer = { status: 204 };

/** The token of a request, which must be there. */
export function viewer(call: Call): Token {
  if (call.token === undefined) throw new Refusal(401, "Requires authentication");
  return call.token;
}

/** The repository of a request. What somebody may not see is not there. */
export function repositoryOf(call: Call, needed: Permission = "read"): Repository {
  const { owner = "", repo = "" } = call.params;
  const wanted = `${owner}/${repo}`.toLowerCase();
  const found = call.state.repositories.find((each) => fullName(each).toLowerCase() === wanted);
  if (found === undefined) throw moved(call, wanted) ?? new Refusal(404, "Not Found");
  if (!sees(call.token, found)) throw new Refusal(404, "Not Found");
  if (needed === "read") return found;
  const token = viewer(call);
  const role = roleOf(token, found);
  if (rank(role) < rank(needed)) throw new Refusal(404, "Not Found");
  if (rank(token.permission) < rank(needed)) {
    throw new Refusal(403, "Resource not accessible by personal access token");
  }
  return found;
}

function moved(call: Call, wanted: string): Error | undefined {
  const found = call.state.repositories.find((each) => each.formerNames.some((name) => name.toLowerCase() === wanted));
  return found && sees(call.token, found) ? new Moved(`${call.api}/repositories/${found.id}${call.rest}`) : undefined;
}

/** GitHub's answer for a repository that has another name now. */
export class Moved extends Error {
  readonly location: string;

  constructor(location: string) {
    super("Moved Permanently");
    this.location = location;
  }
}

export function sees(token: Token | undefined, repository: Repository): boolean {
  if (token?.repositories !== undefined && !token.repositories.includes(fullName(repository))) {
    return !repository.private && token.app === undefined;
  }
  return !repository.private || (token !== undefined && roleOf(token, repository) !== undefined);
}

export function roleOf(token: Token, repository: Repository): Permission | undefined {
  if (token.app !== undefined || repository.owner.login === token.user.login) return "admin";
  return repository.collaborators.get(token.user.login);
}

function rank(permission: Permission | undefined): number {
  return permission === undefined ? 0 : { read: 1, write: 2, admin: 3 }[permission];
}

/** The page of a list that a request asks for, with the `Link` header to the next. */
export function page<T>(call: Call, all: readonly T[], path: string, wrap: (items: readonly T[]) => unknown): Answer {
  const size = Math.min(Number(call.query.get("per_page") ?? 30), 100);
  const number = Number(call.query.get("page") ?? 1);
  const body = wrap(all.slice((number - 1) * size, number * size));
  if (number * size >= all.length) return ok(body);
  const next = new URLSearchParams(call.query);
  next.set("page", String(number + 1));
  return { status: 200, body, headers: { link: `<${call.api}${path}?${next}>; rel="next"` } };
}
