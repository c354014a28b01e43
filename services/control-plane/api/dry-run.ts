import type { IncomingHttpHeaders } from "node:http";
import type { Plan } from "../apps/ports.ts";
import { invalid } from "./errors.ts";

/** Thrown by what would change something for a call that only wants to know what would happen. */
export class DryRun extends Error {
  override readonly name = "DryRun";
  /** The app's name. */
  readonly app: string;
  readonly description: string;
  readonly plan: Plan;

  /** @param plan by default that of an act that changes nothing declared */
  constructor(app: string, description: string, plan: Plan = { changes: {}, steps: [], preview: "" }) {
    super(`dry run: ${description}`);
    this.app = app;
    this.description = description;
    this.plan = plan;
  }

  /** The answer's body. */
  get body(): Readonly<Record<string, unknown>> {
    return { dry_run: true, app: this.app, description: this.description, ...this.plan };
  }
}

/** Whether a call only asks what would happen. @throws ApiError for a wish that is neither yes nor no: it might mean yes */
export function wantsDryRun(query: URLSearchParams, headers: IncomingHttpHeaders): boolean {
  const wish = query.get("dry_run") ?? headers["dynoform-dry-run"] ?? "0";
  if (wish === "1" || wish === "true") return true;
  if (wish === "0" || wish === "false") return false;
  throw invalid("dry_run", "dry_run must be 1 or 0.");
}
