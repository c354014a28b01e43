import type { Desk } from "../desk.ts";
import { ApiError, invalid } from "../errors.ts";
import type { DeclaredApp, Quota } from "../ports.ts";
import type { Route } from "../routes.ts";
import { shownSize } from "../sizes.ts";

export function usageRoutes(desk: Desk): Route[] {
  return [
    ["GET", "/accounts/:account/actions/get-quota", async () => ({ body: await accountQuota(desk) })],
    [
      "GET",
      "/apps/:app/usage",
      async (call) => {
        const app = await desk.app(call);
        const month = call.query.get("month") ?? new Date(desk.clock()).toISOString().slice(0, 7);
        if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) throw invalid("month", "month must be written as 2026-01.");
        const dynos = desk.ports.usage.month(app.name, month);
        return {
          body: {
            app: { id: desk.appId(app), name: app.name },
            month,
            dynos: dynos.map(({ type, size, seconds }) => ({ type, size: shownSize(size), seconds })),
            quota: quotaOf(app, desk.ports.usage.quota()),
          },
        };
      },
    ],
  ];
}

/** What is left of the free hours in this month. */
function quotaOf(app: DeclaredApp, { per, seconds, used }: Quota) {
  const own = used[app.name] ?? 0;
  const all = per === "app" ? own : sum(used);
  return { per, seconds, used: all, used_by_app: own, remaining: Math.max(0, seconds - all) };
}

/** As Heroku answers it. Where each app has hours of its own, the account has as many times more. */
async function accountQuota(desk: Desk): Promise<Record<string, unknown>> {
  const { per, seconds, used } = desk.ports.usage.quota();
  if (seconds === 0) throw new ApiError(404, "not_found", "There is no quota.");
  const apps = await desk.ports.apps.list();
  return {
    account_quota: per === "app" ? seconds * apps.length : seconds,
    quota_used: sum(used),
    apps: apps.map((app) => ({ app_uuid: desk.appId(app), quota_used: used[app.name] ?? 0 })),
  };
}

function sum(used: Readonly<Record<string, number>>): number {
  return Object.values(used).reduce((total, seconds) => total + seconds, 0);
}
