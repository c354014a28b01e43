import type { IncomingMessage } from "node:http";
import { setTimeout as after } from "node:timers/promises";
import { isRecord } from "../../../../lib/validation/readers.ts";
import { ApiError } from "../errors.ts";

/** Bytes that a request's body may have; of who is not let in, a form's. */
export const BODY_LIMIT = 1024 * 1024;
export const STRANGERS_BODY_LIMIT = 64 * 1024;

/** What is read of a larger one, so that its sender comes to reading the answer. */
const MAX_DRAINED_BYTES = 16 * BODY_LIMIT;

/** Bytes of the bodies that are being read at a time. */
const ALL_BODIES_BYTES = 64 * BODY_LIMIT;

/** Milliseconds that a body may take. */
const BODY_TIMEOUT_MS = 30_000;

interface BodyLimits {
  readonly all: number;
  readonly time: number;
}

/** Reads bodies, bounded each and all together. */
export class Bodies {
  readonly #limits: BodyLimits;
  #held = 0;

  constructor(limits: Partial<BodyLimits> = {}) {
    this.#limits = { all: ALL_BODIES_BYTES, time: BODY_TIMEOUT_MS, ...limits };
  }

  /** A JSON object. @throws ApiError when it is too large or too slow, no JSON, or no object */
  async read(request: IncomingMessage, limit: number): Promise<Readonly<Record<string, unknown>>> {
    return parse(await this.text(request, limit));
  }

  /** @throws ApiError when it is too large or too slow */
  async text(request: IncomingMessage, limit: number): Promise<string> {
    const done = new AbortController();
    const collected = this.#collect(request, limit);
    // The connection ends after a body that came too late.
    collected.catch(() => {});
    const late = after(this.#limits.time, undefined, { signal: done.signal, ref: false }).then(
      () => {
        throw new ApiError(408, "request_timeout", `A body may take ${this.#limits.time / 1000} seconds at most.`);
      },
      () => Buffer.alloc(0),
    );
    try {
      return (await Promise.race([collected, late])).toString("utf8");
    } finally {
      done.abort();
    }
  }

  async #collect(request: IncomingMessage, limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let length = 0;
    let held = 0;
    let crowded = false;
    const letGo = () => {
      this.#held -= held;
      held = 0;
      chunks.length = 0;
    };
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        length += chunk.length;
        // Leaving the loop ends the connection.
        if (length > MAX_DRAINED_BYTES) break;
        crowded ||= this.#held + chunk.length > this.#limits.all;
        if (crowded || length > limit) {
          letGo();
          continue;
        }
        chunks.push(chunk);
        held += chunk.length;
        this.#held += chunk.length;
      }
      if (length > limit) throw new ApiError(413, "request_too_large", `A body may have ${limit} bytes at most.`);
      if (crowded) throw busy();
      return Buffer.concat(chunks);
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError(400, "bad_request", "The body broke off.");
    } finally {
      letGo();
    }
  }
}

function busy(): ApiError {
  const message = "Too many large requests at once. Try again in a moment.";
  return new ApiError(429, "rate_limit", message, {}, { "Retry-After": "1" });
}

function parse(text: string): Readonly<Record<string, unknown>> {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError(400, "bad_request", "The body is no valid JSON.");
  }
  if (!isRecord(value)) throw new ApiError(400, "bad_request", "The body must be a JSON object.");
  return value;
}
