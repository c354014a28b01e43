import { test } from "node:test";
import { testPlatform } from "../../support/platform.ts";
import { kills } from "./kills.ts";
import { noRequestLost } from "./no-request-lost.ts";

test("a platform under load", async (t) => {
  await using platform = await testPlatform({ sleep: { after: 4 } });
  await platform.up();
  await t.test("whatever is done to an app, only the app itself answers", (t) => noRequestLost(t, platform));
  await t.test("whatever of the platform is killed, its apps are served again", (t) => kills(t, platform));
});
