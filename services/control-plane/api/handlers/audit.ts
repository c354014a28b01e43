import type { AuditRecord } from "../../accounts/audit.ts";
import type { Answer, Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import { invalid } from "../errors.ts";
import type { Route } from "../routes.ts";
import { adminOnly } from "./rights.ts";

const DEFAULT_MAX = 200;
const HIGHEST_MAX = 1000;

/** Who did what: all of it for admins, an app's for its owner. The newest first; `?before=ID` goes on from there. */
export function auditRoutes(desk: Desk): Route[] {
  return [
    ["GET", "/audit", (call) => all(desk, call)],
    [
      "GET",
      "/apps/:app/audit",
      async (call) => {
        const app = await desk.app(call, "own");
        return read(desk, call, { apps: [app.name, desk.appId(app)], since: app.createdAt });
      },
    ],
  ];
}

function all(desk: Desk, call: Call): Answer {
  adminOnly(call);
  const email = call.query.get("user");
  if (email === null) return read(desk, call, {});
  const user = desk.ports.accounts.users.find(email);
  if (user === undefined) throw invalid("user", `There is no user ${email.slice(0, 254)}.`);
  return read(desk, call, { user: user.id });
}

function read(
  desk: Desk,
  { query }: Call,
  filter: { readonly apps?: readonly string[]; readonly since?: number; readonly user?: string },
): Answer {
  const max = number(query, "max") ?? DEFAULT_MAX;
  if (max > HIGHEST_MAX) throw invalid("max", `max is ${HIGHEST_MAX} at most.`);
  const records = desk.ports.accounts.log.read({ ...filter, before: number(query, "before"), max });
  return { body: records.map(show) };
}

function number(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^[1-9]\d{0,14}$/.test(text)) throw invalid(name, `${name} must be a whole number above 0.`);
  return Number(text);
}

function show(of: AuditRecord): Record<string, unknown> {
  return {
    id: of.id,
    created_at: new Date(of.at).toISOString(),
    user: of.caller === undefined ? null : { id: of.caller.id, email: of.caller.email },
    via: of.caller?.via ?? null,
    authorization: of.caller?.authorization ?? null,
    from: of.from ?? null,
    method: of.method,
    path: of.route,
    app: of.app ?? null,
    status: of.status,
    request_id: of.request ?? null,
    dry_run: of.dryRun ?? false,
  };
}
