import type { Call } from "../call.ts";
import type { Desk } from "../desk.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../routes.ts";

/** Lists of what there is none of, by their paths. */
export const EMPTY: readonly string[] = [
  "/enterprise-accounts",
  "/spaces",
  "/teams",
  "/users/:user/teams",
  "/apps/:app/webhooks",
  "/apps/:app/webhook-deliveries",
  "/apps/:app/webhook-events",
];

/** What clients ask for when a command of theirs needs what is not here, and how people call that. */
export const ABSENT: readonly (readonly [method: string, path: string, what: string])[] = [
  ["POST", "/test-runs", "Test runs"],
  ["GET", "/pipelines/:pipeline/test-runs", "Test runs"],
  ["GET", "/teams/:team", "Teams"],
  ["GET", "/teams/:team/apps", "Teams"],
  ["POST", "/teams", "Teams"],
  ["POST", "/teams/apps", "Teams"],
  ["GET", "/spaces/:space", "Private spaces"],
  ["POST", "/spaces", "Private spaces"],
  ["POST", "/apps/:app/webhooks", "Webhooks"],
  ["POST", "/apps/:app/slugs", "Slugs made elsewhere"],
];

/** What there is none of, said in one line. */
export function absentRoutes(desk: Desk): Route[] {
  // Another one's app is not there at all.
  const ofApp = async (call: Call) => call.params.app !== undefined && desk.app(call);
  return [
    ...EMPTY.map((path): Route => ["GET", path, (call) => ofApp(call).then(() => ({ body: [] }))]),
    ...ABSENT.map(
      ([method, path, what]): Route => [
        method,
        path,
        async (call) => {
          await ofApp(call);
          throw new ApiError(404, "not_found", `${what} are not part of this platform.`);
        },
      ],
    ),
  ];
}
