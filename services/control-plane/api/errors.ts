import { UserError } from "../../../lib/errors.ts";

/** An answer that is an error, as Heroku gives it: `{"id": "not_found", "message": "Couldn't find that app."}`. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly id: string;
  /** Further members of the answer, e.g. `resource`. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    id: string,
    message: string,
    extra: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.id = id;
    this.extra = extra;
    this.headers = headers;
  }
}

/** @param resource Heroku's word for the kind, e.g. `app` */
export function notFound(resource: string, what = `that ${resource.replaceAll("_", " ")}`): ApiError {
  return new ApiError(404, "not_found", `Couldn't find ${what}.`, { resource });
}

export function invalid(field: string, message: string): ApiError {
  return new ApiError(422, "invalid_params", message, { field });
}

/** Any error as an answer. What nobody foresaw says nothing of itself; the caller writes it to the process' log. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  // Too many wait for the app's turn, or somebody else has Pulumi's lock.
  if (error instanceof UserError && error.kind === "conflict") return new ApiError(409, "conflict", error.message);
  if (error instanceof UserError) return new ApiError(422, "invalid_params", error.message);
  return new ApiError(500, "internal_server_error", "Internal server error.");
}
