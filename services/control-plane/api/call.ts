import type { IncomingMessage, ServerResponse } from "node:http";
import { isRecord } from "../../../infra/check/readers.ts";
import { ApiError, invalid } from "./errors.ts";

/** Bytes that a request's body may have. */
export const BODY_LIMIT = 1024 * 1024;

/** What is read of a larger one, so that its sender comes to reading the answer. */
const PATIENCE = 16 * BODY_LIMIT;

/** A request that was let in. */
export interface Call {
  readonly request: IncomingMessage;
  /** What stands for `:name` in the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** The JSON object in the body; empty when there is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a handler gives back: JSON, or something that writes the answer itself. */
export type Answer =
  | {
      readonly status?: number;
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly stream: (response: ServerResponse) => void };

export type Handler = (call: Call) => Promise<Answer> | Answer;

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
export function optionalText(call: Call, field: string): string | undefined {
  const value = call.body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalid(field, `${field} must be a text.`);
  return value;
}

export function requiredText(call: Call, field: string): string {
  const value = optionalText(call, field);
  if (value === undefined || value === "") throw invalid(field, `${field} is required.`);
  return value;
}
