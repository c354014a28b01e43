import type { IncomingMessage } from "node:http";
import { ApiError } from "../api/errors.ts";
import type { Bodies } from "../api/limits/body.ts";

/** Bytes of a form: config vars are long. */
const FORM_LIMIT = 512 * 1024;
const TYPE = "application/x-www-form-urlencoded";

/** @throws ApiError when it is too long or too slow, or no form */
export async function readForm(request: IncomingMessage, bodies: Bodies): Promise<URLSearchParams> {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type !== TYPE) throw new ApiError(415, "unsupported_media_type", "That is no form.");
  return new URLSearchParams(await bodies.text(request, FORM_LIMIT));
}

/** A field's text without blanks around it; empty when it is absent. */
export function field(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? "").trim();
}
