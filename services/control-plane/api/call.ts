import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { Caller } from "../accounts/caller.ts";
import { invalid } from "./errors.ts";

/** A request of whoever it may be. */
export interface OpenCall {
  /** Its id, which is in the answer and in what is written down of it. */
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  /** Where its sender reaches this server, e.g. `http://127.0.0.1:5000`. */
  readonly origin: string;
  /** The sender's IP address. */
  readonly from: string;
  /** Whether it came from anywhere, and not from this machine. */
  readonly remote: boolean;
  /** Where the sender reaches Postgres, on an own 127.0.0.1; undefined: at the platform's port. */
  readonly postgresPort?: number | undefined;
  /** What stands for `:name` in the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The JSON object in the body; empty when there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A request that was let in. */
export interface Call extends OpenCall {
  readonly caller: Caller;
  /** Whether only what would happen is wanted; `Desk` sees to that. */
  readonly dryRun: boolean;
}

/** What a handler gives back: JSON, or something that writes the answer itself. */
export type Answer =
  | {
      readonly status?: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly stream: (response: ServerResponse) => void };

export type Handler<C extends OpenCall = Call> = (call: C) => Promise<Answer> | Answer;

/** A text that may be absent or null. */
export function optionalText(call: OpenCall, field: string): string | undefined {
  const value = call.body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalid(field, `${field} must be a text.`);
  return value;
}

export function requiredText(call: OpenCall, field: string): string {
  const value = optionalText(call, field);
  if (value === undefined || value === "") throw invalid(field, `${field} is required.`);
  return value;
}
