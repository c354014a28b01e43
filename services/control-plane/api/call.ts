import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { isRecord } from "../../../infra/check/readers.ts";
import { ApiError, invalid } from "./errors.ts";

/** Bytes that a request's body may have. */
export const BODY_LIMIT = 1024 * 1024;

/** What is read of a larger one, so that its sender comes to reading the answer. */
const PATIENCE = 16 * BODY_LIMIT;

/** Who asks: somebody with an account, or the operator of the host. */
export interface Caller {
  readonly id: string;
  readonly email: string;
  readonly role: "admin" | "member";
  /** What was presented: an API token, the dashboard's cookie, or the key that lies on the host. */
  readonly via: "token" | "session" | "key";
  /** The id of the token's authorization. */
  readonly authorization?: string;
}

/** A request of whoever it may be. */
export interface OpenCall {
  /** Its id, which is in the answer and in what is written down of it. */
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  /** Where its sender reaches this server, e.g. `http://127.0.0.1:5000`. */
  readonly origin: string;
  /** The sender's IP address. */
  readonly from: string;
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

/** @throws ApiError when it is too large, no JSON, or no object */
export async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= BODY_LIMIT) chunks.push(chunk);
    // Leaving the loop ends the connection.
    else if (length > PATIENCE) break;
  }
  if (length > BODY_LIMIT) {
    throw new ApiError(413, "request_too_large", `A body may have ${BODY_LIMIT} bytes at most.`);
  }
  const text = Buffer.concat(chunks).toString("utf8").trim();
  if (text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError(400, "bad_request", "The body is no valid JSON.");
  }
  if (!isRecord(value)) throw new ApiError(400, "bad_request", "The body must be a JSON object.");
  return value;
}

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
