import type { Call, Handler, OpenCall } from "./call.ts";
import { ApiError } from "./errors.ts";

/** `[method, path, handler]`; a part of the path that begins with a colon stands for any one part. */
export type Route<C extends OpenCall = Call> = readonly [method: string, path: string, handler: Handler<C>];

/** A route for whoever asks. */
export type OpenRoute = Route<OpenCall>;

interface Match<H = Handler> {
  readonly handler: H;
  /** The route's path, with its colons. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
}

/** Finds the handler of a request. Of two paths that fit, the one without a colon at the first difference wins. */
export class Routes<H = Handler> {
  readonly #routes: readonly {
    readonly method: string;
    readonly path: string;
    readonly parts: readonly string[];
    readonly handler: H;
  }[];

  constructor(routes: readonly (readonly [method: string, path: string, handler: H])[]) {
    this.#routes = routes.map(([method, path, handler]) => ({ method, path, parts: partsOf(path), handler }));
  }

  /** `METHOD /path` of each. */
  get names(): string[] {
    return this.#routes.map(({ method, path }) => `${method} ${path}`);
  }

  /** @throws ApiError 404, or 405 when the path is there for other methods */
  find(method: string, path: string): Match<H> {
    const found = this.match(method, path);
    if (found !== undefined) return found;
    const methods = this.methods(path);
    if (methods.length === 0) throw notFoundHere();
    throw new ApiError(405, "method_not_allowed", `${method} is not allowed here.`, {}, { Allow: methods.join(", ") });
  }

  /** Those that a path is there for. */
  methods(path: string): string[] {
    return [...new Set(this.#fitting(partsOf(path)).map(({ method }) => method))];
  }

  /** Undefined: there is none. */
  match(method: string, path: string): Match<H> | undefined {
    const parts = partsOf(path);
    const found = this.#fitting(parts).find((route) => route.method === method);
    return found && { handler: found.handler, path: found.path, params: paramsOf(found.parts, parts) };
  }

  #fitting(parts: readonly string[]) {
    return this.#routes
      .filter((route) => fits(route.parts, parts))
      .sort((a, b) => rank(a.parts).localeCompare(rank(b.parts)));
  }
}

export function notFoundHere(): ApiError {
  return new ApiError(404, "not_found", "The requested API endpoint was not found.");
}

function partsOf(path: string): string[] {
  return path.split("/").slice(1);
}

function fits(pattern: readonly string[], parts: readonly string[]): boolean {
  if (pattern.length !== parts.length) return false;
  return pattern.every((part, index) => (part.startsWith(":") ? parts[index] !== "" : part === parts[index]));
}

function rank(pattern: readonly string[]): string {
  return pattern.map((part) => (part.startsWith(":") ? "1" : "0")).join("");
}

function paramsOf(pattern: readonly string[], parts: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    if (part.startsWith(":")) params[part.slice(1)] = decode(parts[index] ?? "");
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ApiError(400, "bad_request", "The path is not well encoded.");
  }
}
