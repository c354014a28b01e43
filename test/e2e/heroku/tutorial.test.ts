import assert from "node:assert/strict";
import { test } from "node:test";
import { testPlatform } from "../../support/platform.ts";
import { alone } from "./tutorial/alone.ts";
import { curling } from "./tutorial/curl.ts";
import { data, sharing } from "./tutorial/data.ts";
import { deploys } from "./tutorial/deploys.ts";
import { ending } from "./tutorial/ending.ts";
import { everyDay } from "./tutorial/every-day.ts";
import { login } from "./tutorial/login.ts";
import { people } from "./tutorial/people.ts";
import { pipelines } from "./tutorial/pipelines.ts";
import { published } from "./tutorial/published.ts";
import { releases } from "./tutorial/releases.ts";
import { scene } from "./tutorial/scene.ts";
import { settings } from "./tutorial/settings.ts";

test("a Heroku tutorial, with the official command line as npm has it", {
  timeout: 900_000,
  concurrency: 2,
}, async (t) => {
  await using platform = await testPlatform();
  await platform.up();
  await using set = await scene(platform);
  await login(t, set);
  const { flask, uwsgi } = await deploys(t, set);
  const deployed = async () => {
    await everyDay(t, set, flask);
    await releases(t, set, flask);
  };
  await Promise.all([deployed(), data(t, set, uwsgi)]);
  await sharing(t, flask);
  await Promise.all([settings(t, set, flask), people(t, set), pipelines(t, set, flask)]);
  await alone(t, set);
  await published(t, set, flask);
  await curling(t, set);
  await ending(t, set, flask);

  await t.test("every answer was as Heroku publishes it", () => {
    assert.deepEqual([...new Set(set.recorder.problems)], []);
  });
});
