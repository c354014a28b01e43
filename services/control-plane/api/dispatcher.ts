import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Caller } from "../accounts/caller.ts";
import type { Clock } from "../types.ts";
import type { Answer, Call } from "./call.ts";
import { DryRun, wantsDryRun } from "./dry-run.ts";
import { toApiError } from "./errors.ts";
import { checkBody } from "./openapi/check.ts";
import { operations } from "./openapi/operations/index.ts";
import type { Accounts, AuditEntry } from "./ports.ts";
import { type Route, Routes } from "./routes.ts";

/** What is asked of the API, over HTTP or by the dashboard. */
export interface Ask {
  readonly method: string;
  /** Encoded as in a URL, without the query. */
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: IncomingHttpHeaders;
  /** @see Call.origin */
  readonly origin: string;
  readonly from: string;
  /** @see Call.remote @default false */
  readonly remote?: boolean;
  /** @see Call.postgresPort */
  readonly postgresPort?: number | undefined;
  /** @default a new one */
  readonly id?: string;
}

interface DispatcherOptions {
  readonly routes: readonly Route[];
  readonly accounts: Pick<Accounts, "audit">;
  readonly clock: Clock;
}

/** The one way to what the API does, for whoever was let in: what changes something is written down. */
export class Dispatcher {
  readonly routes: Routes;
  readonly #accounts: Pick<Accounts, "audit">;
  readonly #clock: Clock;

  constructor({ routes, accounts, clock }: DispatcherOptions) {
    this.routes = new Routes(routes);
    this.#accounts = accounts;
    this.#clock = clock;
  }

  /** @throws ApiError, and what nobody foresaw */
  async dispatch(caller: Caller, ask: Ask): Promise<Answer> {
    const {
      method,
      path,
      query = new URLSearchParams(),
      body = {},
      headers = {},
      origin,
      from,
      remote = false,
      postgresPort,
    } = ask;
    const { handler, params, path: route } = this.routes.find(method, path);
    const id = ask.id ?? randomUUID();
    const dryRun = wantsDryRun(query, headers);
    const call: Call = { caller, id, headers, origin, from, remote, postgresPort, params, query, body, dryRun };
    const audit = (status: number) => {
      const entry: AuditEntry = {
        at: this.#clock(),
        caller,
        from,
        method,
        route,
        app: params.app,
        status,
        request: id,
        dryRun,
      };
      if (method !== "GET" && method !== "HEAD") this.#accounts.audit(entry);
    };
    try {
      checkBody(operations[`${method} ${route}`] ?? {}, body);
      const answer = await handler(call);
      audit("stream" in answer ? 200 : (answer.status ?? 200));
      return answer;
    } catch (error) {
      if (error instanceof DryRun) {
        audit(200);
        return { body: error.body };
      }
      audit(toApiError(error).status);
      throw error;
    }
  }
}
