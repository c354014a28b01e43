import assert from "node:assert/strict";
import { test } from "node:test";
import { BadAppJson, readAppJson } from "../../../../services/control-plane/setups/app-json.ts";
import { initialConfig, placed } from "../../../../services/control-plane/setups/config.ts";

function problemsOf(json: unknown): readonly string[] {
  try {
    readAppJson(typeof json === "string" ? json : JSON.stringify(json));
  } catch (error) {
    if (error instanceof BadAppJson) return error.manifestErrors;
    throw error;
  }
  return [];
}

test("all that an app.json may say", () => {
  const json = readAppJson(
    JSON.stringify({
      name: "Shop",
      keywords: ["flask"],
      env: {
        PLAIN: "x",
        SECRET_KEY: { generator: "secret", description: "of sessions" },
        MAY: { required: false },
        MUST: { description: "yours" },
        THREADS: { value: 2 },
      },
      formation: { web: { quantity: 2, size: "Standard-1X" }, worker: { quantity: 0 } },
      addons: ["heroku-postgresql", { plan: "heroku-postgresql:essential-0", as: "ORDERS" }],
      buildpacks: [{ url: "heroku/python" }, { url: "heroku/nodejs" }],
      scripts: { postdeploy: "python manage.py migrate" },
      success_url: "/welcome",
    }),
  );
  assert.deepEqual(json.env.SECRET_KEY, { value: undefined, required: true, secret: true });
  assert.deepEqual([json.env.PLAIN?.value, json.env.THREADS?.value], ["x", "2"]);
  assert.deepEqual(json.formation, { web: { quantity: 2, size: "standard-1x" }, worker: { quantity: 0 } });
  assert.deepEqual(placed(json.addons), [
    { plan: "mini", as: "DATABASE" },
    { plan: "essential-0", as: "ORDERS" },
  ]);
  assert.deepEqual([json.postdeploy, json.successUrl], ["python manage.py migrate", "/welcome"]);
  assert.deepEqual(json.remarks, ["buildpacks: heroku/nodejs are not used: an app is built by what its files say"]);
  assert.deepEqual(readAppJson("{}").env, {});
});

test("everything that is wrong in an app.json is said at once", () => {
  const wrong = {
    env: { PORT: "1", KEY: { generator: "uuid" }, LIST: [] },
    formation: { web: { quantity: -1, size: "huge" }, "a b": {} },
    addons: ["heroku-redis", { plan: "heroku-postgresql", as: "orders" }],
    scripts: { postdeploy: 5 },
  };
  const problems = problemsOf(wrong).join("\n");
  for (const part of [
    /env\.PORT is set by the platform/,
    /env\.KEY\.generator can only be "secret"/,
    /formation\.web\.quantity: -1 is not allowed/,
    /formation\.web\.size: "huge" is not a dyno size/,
    /formation\.a b: /,
    /addons\[0\]: "heroku-redis" is no add-on of this platform/,
    /addons\[1\]\.as: "orders" is not allowed/,
    /scripts\.postdeploy is no command/,
  ]) {
    assert.match(problems, part);
  }
  assert.match(problemsOf("{").join(), /^is no JSON/);
  assert.deepEqual(problemsOf([]), ["is no object"]);
});

test("config vars: what is given wins over what stands there, an add-on over both, and what is missing is named", () => {
  const { env } = readAppJson(
    JSON.stringify({ env: { A: "1", B: { required: false }, C: {}, DATABASE_URL: {}, KEY: { generator: "secret" } } }),
  );
  const addons = [{ plan: "mini", as: "DATABASE" }] as const;
  const config = initialConfig({ env }, { A: "2", C: "3" }, addons);
  assert.match(config.KEY ?? "", /^[0-9a-f]{64}$/);
  assert.deepEqual({ ...config, KEY: "" }, { A: "2", C: "3", KEY: "" });
  assert.throws(() => initialConfig({ env }, {}, addons), /app\.json requires values for C: /);
  assert.throws(() => initialConfig({ env }, { C: "", DATABASE_URL: "x" }, addons), /DATABASE_URL is set by an add-on/);
});
