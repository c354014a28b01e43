import type { Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import type { Route } from "../routes.ts";
import { adminOnly } from "./rights.ts";

/** What is measured, as Prometheus reads it. Apps of all users are in it, so it is for admins. */
export function metricsRoutes({ ports }: Desk): Route[] {
  return [
    [
      "GET",
      "/metrics",
      async (call: Call) => {
        adminOnly(call);
        const { type, text } = await ports.metrics();
        return {
          stream(response) {
            const headers = {
              "Content-Type": type,
              "Content-Length": Buffer.byteLength(text),
              "Cache-Control": "no-store",
            };
            response.writeHead(200, headers).end(text);
          },
        };
      },
    ],
  ];
}
