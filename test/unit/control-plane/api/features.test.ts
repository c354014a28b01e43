import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./served.ts";

test("an app's features are the two that Heroku calls labs, as lines of its file", async () => {
  await using served = await serve();
  const list = async () =>
    (await served.ask("GET", "/apps/shop/features")).body.map(({ name, enabled }: Record<string, unknown>) => [
      name,
      enabled,
    ]);
  const change = (feature: string, enabled: unknown) =>
    served.ask("PATCH", `/apps/shop/features/${feature}`, { body: { enabled } });
  const [metadata, metrics] = ["runtime-dyno-metadata", "log-runtime-metrics"];
  assert.deepEqual(await list(), [
    [metadata, false],
    [metrics, false],
  ]);
  const on = await change(metrics, true);
  assert.deepEqual([on.status, on.body.enabled], [200, true]);
  await change(metadata, true);
  await change(metadata, true);
  assert.deepEqual(served.world.apps.get("shop")?.settings, { labs: [metrics, metadata] });
  assert.equal((await served.ask("GET", `/apps/shop/features/${on.body.id}`)).body.name, metrics);
  await change(metrics, false);
  await change(metadata, false);
  assert.deepEqual(
    served.world.changes.map(({ act }) => act.description),
    [
      "Enable log-runtime-metrics feature",
      "Enable runtime-dyno-metadata feature",
      "Disable log-runtime-metrics feature",
      "Disable runtime-dyno-metadata feature",
    ],
  );
  assert.equal((await change(metrics, "yes")).status, 422);
  const unknown = await change("preboot", true);
  assert.equal(unknown.status, 404);
  assert.match(unknown.body.message, /there are runtime-dyno-metadata and log-runtime-metrics\./);
});
