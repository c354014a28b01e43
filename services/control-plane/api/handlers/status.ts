import type { Health } from "../../health.ts";
import type { OpenRoute } from "../routes.ts";

/** Heroku's names of what may be down. */
const SYSTEMS = [
  ["Apps", "apps"],
  ["Data", "data"],
  ["Tools", "tools"],
] as const;

export function openStatusRoutes(health: () => Promise<Health>): OpenRoute[] {
  return [
    [
      "GET",
      "/api/v4/current-status",
      async () => {
        const now = await health();
        const status = SYSTEMS.map(([system, part]) => ({ system, status: now[part] ? "green" : "red" }));
        return { body: { status, incidents: [], scheduled: [] } };
      },
    ],
  ];
}
