import type { Desk } from "../desk.ts";
import type { Route } from "../routes.ts";

export function driftRoutes(desk: Desk): Route[] {
  return [
    [
      "GET",
      "/apps/:app/drift",
      async (call) => {
        const app = await desk.app(call);
        const found = desk.ports.drift.found(app.stack);
        const differences = found?.drift.map(({ path = null, changedAt = null, ...row }) => ({
          ...row,
          path,
          changed_at: changedAt,
        }));
        return {
          body: {
            looked_at: found === undefined ? null : new Date(found.at).toISOString(),
            differences: differences ?? [],
          },
        };
      },
    ],
  ];
}
