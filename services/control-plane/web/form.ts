import type { IncomingMessage } from "node:http";
import { ApiError } from "../api/errors.ts";

/** Bytes of a form: config vars are long. */
const FORM_LIMIT = 512 * 1024;
const TYPE = "application/x-www-form-urlencoded";

/** @throws ApiError when it is too long, or no form */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== TYPE) throw new ApiError(415, "unsupported_media_type", "That is no form.");
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > FORM_LIMIT) throw new ApiError(413, "request_too_large", "That is more than a form may hold.");
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}

/** A field's text without blanks around it; empty when it is absent. */
export function field(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? "").trim();
}
