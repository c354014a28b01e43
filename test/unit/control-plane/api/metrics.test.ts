import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMetrics } from "../../../support/prometheus.ts";
import { serve } from "./served.ts";

test("whoever holds the host, and admins, read metrics; members and strangers do not", async () => {
  await using served = await serve();
  const { status, body, headers } = await served.ask("GET", "/metrics");
  assert.equal(status, 200);
  assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(parseMetrics(body).get("up")?.series[0]?.value, 1);
  assert.equal((await served.ask("HEAD", "/metrics")).status, 200);
  assert.equal((await served.ask("GET", "/metrics", { headers: { authorization: "" } })).status, 401);
  assert.equal((await served.ask("POST", "/metrics")).status, 405);

  const member = { id: "m", email: "eve@example.com", role: "member", via: "token" } as const;
  await using others = await serve(undefined, undefined, { who: async () => member });
  const refused = await others.ask("GET", "/metrics");
  assert.deepEqual([refused.status, refused.body.message], [403, "Only an admin may do that."]);
});
