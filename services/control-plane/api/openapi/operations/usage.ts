import { named } from "../objects.ts";
import type { Operations } from "../operation.ts";
import { list, object, oneOf, orNull, text, uuid, whole } from "../schema.ts";

export const usage: Operations = {
  "GET /accounts/:account/actions/get-quota": {
    summary: "Free dyno hours of this month, in seconds",
    answer: object({
      account_quota: whole,
      quota_used: { type: "number" },
      apps: list(object({ app_uuid: uuid, quota_used: { type: "number" } })),
    }),
  },
  "GET /apps/:app/usage": {
    summary: "Seconds that an app's dynos ran in a month",
    query: { month: { type: "string", pattern: "^[0-9]{4}-(0[1-9]|1[0-2])$" } },
    answer: object({
      app: named,
      month: text,
      dynos: list(object({ type: text, size: text, seconds: { type: "number" } })),
      quota: object({
        per: oneOf("app", "account"),
        seconds: whole,
        used: { type: "number" },
        used_by_app: { type: "number" },
        remaining: orNull({ type: "number" }),
      }),
    }),
  },
};
