import assert from "node:assert/strict";
import { test } from "node:test";
import program from "../../../program.ts";
import { KEY, platform } from "./fixtures.ts";
import { record } from "./recording.ts";

test("a platform's stack puts out what an app's stack reads", async () => {
  const settings = JSON.stringify({ name: "test", directory: platform.directory, ports: { web: 8080 } });
  const { result, get } = await record(program, { stack: "platform", config: { "dynoform:platform": settings } });
  assert.equal(get("platform").type, "dynoform:index:Platform");
  assert.deepEqual(Object.keys(result).sort(), Object.keys(platform).sort());
});

test("an app is named after its stack and reads the platform's", async () => {
  const { result, get } = await record(program, {
    stack: "shop",
    config: { "dynoform:app": JSON.stringify({ hosts: ["shop.example.com"] }), "dynoform:key": KEY },
    stacks: { "organization/dynoform/platform": { ...platform } },
  });
  assert.equal(result.name, "shop");
  assert.equal(result.url, "http://shop.localhost:8080/");
  assert.deepEqual(get("shop-route").inputs.hosts, ["shop.localhost", "shop.example.com"]);
});

test("another platform and another name are said in the stack file", async () => {
  const { result } = await record(program, {
    stack: "shop-staging",
    config: { "dynoform:app": JSON.stringify({ name: "store", platform: "second" }), "dynoform:key": KEY },
    stacks: { "organization/dynoform/second": { ...platform, domain: "apps.example.com" } },
  });
  assert.equal(result.url, "http://store.apps.example.com:8080/");
});

test("dynos that are told which release they are take it from what their stack put out last", async () => {
  const told = async (stacks: Record<string, Record<string, unknown>>) => {
    const app = JSON.stringify({ labs: ["runtime-dyno-metadata"] });
    const { result } = await record(program, {
      stack: "shop",
      config: { "dynoform:app": app, "dynoform:key": KEY },
      stacks: { "organization/dynoform/platform": { ...platform }, ...stacks },
    });
    return (result.metadata as Record<string, string>).HEROKU_RELEASE_VERSION;
  };
  const own = "organization/dynoform/shop";
  assert.equal(await told({ [own]: {} }), "v1");
  assert.equal(await told({ [own]: { releases: [{ version: 6 }, { version: 7 }] } }), "v8");
  assert.equal(await told({}), undefined, "nobody is told what cannot be read");
});
