import assert from "node:assert/strict";
import { test } from "node:test";
import { callOf } from "../../../cli/commands/plan/verbs.ts";

test("heroku's verbs are calls of the API", () => {
  const calls: [line: string, method: string, path: string, body?: unknown][] = [
    [
      "ps:scale web=2 worker+1:basic",
      "PATCH",
      "/apps/:app/formation",
      {
        updates: [
          { type: "web", quantity: "2" },
          { type: "worker", quantity: "+1", size: "basic" },
        ],
      },
    ],
    ["ps:type web=basic", "PATCH", "/apps/:app/formation", { updates: [{ type: "web", size: "basic" }] }],
    ["config:set A=1 B=a=b C=", "PATCH", "/apps/:app/config-vars", { A: "1", B: "a=b", C: "" }],
    ["config:unset A", "PATCH", "/apps/:app/config-vars", { A: null }],
    ["create", "POST", "/apps", {}],
    ["apps:create shop", "POST", "/apps", { name: "shop" }],
    ["apps:destroy", "DELETE", "/apps/:app"],
    ["apps:rename store", "PATCH", "/apps/:app", { name: "store" }],
    ["addons:destroy a/b", "DELETE", "/apps/:app/addons/a%2Fb"],
    ["rollback v3", "POST", "/apps/:app/releases", { release: "v3" }],
    ["domains:add www.example.com", "POST", "/apps/:app/domains", { hostname: "www.example.com" }],
    ["domains:remove www.example.com", "DELETE", "/apps/:app/domains/www.example.com"],
    ["maintenance:on", "PATCH", "/apps/:app", { maintenance: true }],
  ];
  for (const [line, method, path, body] of calls) {
    const [verb = "", ...args] = line.split(" ");
    const call = callOf(verb, args);
    assert.deepEqual([call.method, call.path, call.body], [method, path, body], line);
    assert.equal(call.ofApp, method !== "POST" || path !== "/apps", line);
  }
  assert.deepEqual(callOf("addons:create", ["heroku-postgresql"], { as: "CACHE" }).body, {
    plan: { name: "heroku-postgresql" },
    attachment: { name: "CACHE" },
  });
});

test("what cannot be planned, or is written otherwise, says so", () => {
  assert.throws(() => callOf("logs", []), /logs cannot be planned\. What can be: ps:scale, /);
  assert.throws(() => callOf("constructor", []), /cannot be planned/);
  assert.throws(() => callOf("rollback", []), /write it as `dynoform plan rollback v3`/);
  assert.throws(() => callOf("ps:scale", ["web"]), /web is no scaling/);
  assert.throws(
    () => callOf("config:set", ["=secret"]),
    (error: Error) => !error.message.includes("secret"),
  );
});
