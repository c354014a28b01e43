import type { Caller } from "../accounts/caller.ts";
import type { Answer } from "../api/call.ts";
import type { Ask, Dispatcher } from "../api/dispatcher.ts";
import { ApiError, toApiError } from "../api/errors.ts";
import type { MemberVisit } from "../web/visit.ts";

/** What a form asks of the API. */
export interface Order {
  readonly method: "POST" | "PATCH" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** What `up` would do. */
export interface Preview {
  readonly description: string;
  readonly changes: Readonly<Record<string, number>>;
  readonly steps: readonly { readonly op: string; readonly type: string; readonly name: string }[];
  /** What Pulumi printed. */
  readonly preview: string;
}

/** The pages' way to the API, which sees to rights and writes down what is done: as if by HTTP, without it. */
export class ApiClient {
  readonly #dispatcher: Pick<Dispatcher, "dispatch">;

  constructor(dispatcher: Pick<Dispatcher, "dispatch">) {
    this.#dispatcher = dispatcher;
  }

  /** @param path with its query @throws ApiError */
  async get<T>(visit: MemberVisit, path: string): Promise<T> {
    const [plain = "", query = ""] = path.split("?", 2);
    return this.#body<T>(visit, { method: "GET", path: plain, query: new URLSearchParams(query) });
  }

  /** Undefined for what the API does not have, or not for the visitor. */
  async find<T>(visit: MemberVisit, path: string): Promise<T | undefined> {
    try {
      return await this.get<T>(visit, path);
    } catch (error) {
      if (error instanceof ApiError && [403, 404, 405].includes(error.status)) return undefined;
      throw error;
    }
  }

  /** Does it, to its end. @returns the API's answer, and what it warns of @throws ApiError */
  async order<T>(visit: MemberVisit, { method, path, body }: Order): Promise<{ answer: T; warning?: string }> {
    const ask = { method, path, body, headers: { prefer: "wait=86400" } };
    const { body: answer, headers } = await this.#ask(visit, ask);
    return { answer: answer as T, warning: headers?.["Warning-Message"] };
  }

  /** What would happen. @throws ApiError when it cannot be done */
  preview(visit: MemberVisit, { method, path, body }: Order): Promise<Preview> {
    return this.#body<Preview>(visit, { method, path, body, headers: { "dynoform-dry-run": "1" } });
  }

  async #body<T>(visit: MemberVisit, ask: Omit<Ask, "origin" | "from">): Promise<T> {
    return (await this.#ask(visit, ask)).body as T;
  }

  async #ask(visit: MemberVisit, ask: Omit<Ask, "origin" | "from">): Promise<Exclude<Answer, { stream: unknown }>> {
    const caller: Caller = visit.session.caller;
    const answer = await this.#dispatcher.dispatch(caller, { ...ask, origin: visit.origin, from: visit.from });
    if ("stream" in answer) throw new Error(`${ask.path} is no answer for a page`);
    return answer;
  }
}

/** What is found, or in one line why it is not. @throws what nobody foresaw */
export async function orProblem<T>(
  work: Promise<T>,
): Promise<
  { readonly found: T; readonly problem?: undefined } | { readonly found?: undefined; readonly problem: string }
> {
  try {
    return { found: await work };
  } catch (error) {
    const { status, message } = toApiError(error);
    if (status >= 500) throw error;
    return { problem: message };
  }
}

/** A path of the API or of a page: what stands in it may be anything. */
export function path(strings: TemplateStringsArray, ...names: readonly (string | number)[]): string {
  return strings.reduce((text, part, index) => text + encodeURIComponent(String(names[index - 1])) + part);
}
