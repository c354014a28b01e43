import type { DeclaredApp } from "../../apps/ports.ts";
import type { Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError, invalid } from "../errors.ts";
import type { Route } from "../routes.ts";
import { shownSize } from "../sizes.ts";

export function usageRoutes(desk: Desk): Route[] {
  return [
    ["GET", "/accounts/:account/actions/get-quota", async (call) => ({ body: await accountQuota(desk, call) })],
    [
      "GET",
      "/apps/:app/usage",
      async (call) => {
        const app = await desk.app(call);
        const month = call.query.get("month") ?? monthOf(desk.clock());
        if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) throw invalid("month", "month must be written as 2026-01.");
        const dynos = desk.ports.usage.usage(month).filter((entry) => entry.app === app.name);
        return {
          body: {
            app: { id: desk.appId(app), name: app.name },
            month,
            dynos: dynos.map(({ type, size, seconds }) => ({ type, size: shownSize(size), seconds })),
            quota: quotaOf(app, freeHours(desk)),
          },
        };
      },
    ],
  ];
}

/** Free dynos' hours, in this month. */
interface FreeHours {
  readonly per: "app" | "account";
  /** Seconds that there are; 0: without end. */
  readonly seconds: number;
  /** Seconds used, by app. */
  readonly used: Readonly<Record<string, number>>;
}

function freeHours({ hours, clock, ports }: Desk): FreeHours {
  const used: Record<string, number> = {};
  for (const { app, size, seconds } of ports.usage.usage(monthOf(clock()))) {
    if (size === "free") used[app] = (used[app] ?? 0) + seconds;
  }
  return { per: hours.per, seconds: hours.free * 3600, used };
}

function monthOf(time: number): string {
  return new Date(time).toISOString().slice(0, 7);
}

/** What is left of the free hours in this month. */
function quotaOf(app: DeclaredApp, { per, seconds, used }: FreeHours) {
  const own = used[app.name] ?? 0;
  const all = per === "app" ? own : sum(used);
  return { per, seconds, used: all, used_by_app: own, remaining: seconds === 0 ? null : Math.max(0, seconds - all) };
}

/** As Heroku answers it. Where each app has hours of its own, the account has as many times more. */
async function accountQuota(desk: Desk, call: Call): Promise<Record<string, unknown>> {
  const { per, seconds, used } = freeHours(desk);
  if (seconds === 0) throw new ApiError(404, "not_found", "There is no quota.");
  const apps = await desk.apps(call);
  return {
    account_quota: per === "app" ? seconds * apps.length : seconds,
    quota_used: apps.reduce((total, app) => total + (used[app.name] ?? 0), 0),
    apps: apps.map((app) => ({ app_uuid: desk.appId(app), quota_used: used[app.name] ?? 0 })),
  };
}

function sum(used: Readonly<Record<string, number>>): number {
  return Object.values(used).reduce((total, seconds) => total + seconds, 0);
}
