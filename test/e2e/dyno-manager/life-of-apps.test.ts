import { test } from "node:test";
import { testPlatform } from "../../support/platform.ts";
import { everyday } from "./everyday.ts";
import { idleMemory } from "./idle-memory.ts";
import { sleeping } from "./sleep.ts";
import { webSockets } from "./web-sockets.ts";

test("the life of apps on one platform", { concurrency: 2 }, async (t) => {
  await using platform = await testPlatform({ sleep: { after: 3 } });
  await platform.up();
  await t.test("a platform without apps uses at most 200 MB", (t) => idleMemory(t, platform));
  // Beside each other, because sleep is mostly waited for.
  await Promise.all([
    t.test("apps that nobody asks for sleep, and answer whoever asks", (t) => sleeping(t, platform)),
    t.test("the verbs of every day", async (t) => {
      await everyday(t, platform);
      await t.test("WebSockets of one app are nothing to the deploys of another", (t) => webSockets(t, platform));
    }),
  ]);
});
