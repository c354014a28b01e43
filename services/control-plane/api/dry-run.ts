import type { IncomingHttpHeaders } from "node:http";
import type { Plan } from "./ports.ts";

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

/** Whether a call only asks what would happen. */
export function wantsDryRun(query: URLSearchParams, headers: IncomingHttpHeaders): boolean {
  const wish = query.get("dry_run") ?? headers["dynoform-dry-run"];
  return wish === "1" || wish === "true";
}
