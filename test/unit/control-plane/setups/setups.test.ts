import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../../lib/errors.ts";
import { DeployFailed } from "../../../../services/control-plane/deploys/deploy-commit.ts";
import { Setups, type SetupsOptions, type SetupWish } from "../../../../services/control-plane/setups/setups.ts";
import { SetupStore } from "../../../../services/control-plane/setups/store.ts";
import { openStore } from "../../../../services/control-plane/store.ts";
import { until } from "../../../support/until.ts";

const JSON_TEXT = JSON.stringify({
  env: { A: "1", KEY: { generator: "secret" } },
  addons: ["heroku-postgresql"],
  formation: { web: { quantity: 2 } },
  scripts: { postdeploy: "seed" },
  success_url: "/welcome",
});

const app = { name: "shop", id: "shop-id", stack: "shop", url: "http://shop.localhost:8080/" };

/** What was done to apps, and how a deploy and a script end. */
function ground(over: { appJson?: string | undefined; deploy?: Error; exitCode?: number } = {}) {
  const done: string[] = [];
  const { appJson = JSON_TEXT, deploy, exitCode = 0 } = over;
  const store = new SetupStore(openStore(":memory:"), Date.now);
  const file = {
    addon: (as: string) => done.push(`addon ${as}`),
    scale: (type: string, { quantity }: { quantity?: number }) => done.push(`scale ${type} ${quantity}`),
    setConfig: (name: string) => done.push(`config ${name}`),
  };
  const options: SetupsOptions = {
    store,
    apps: {
      change: async (_name: string, _act: unknown, edit: (it: typeof file) => void) => edit(file),
      destroy: async (name: string) => void done.push(`destroy ${name}`),
      list: async () => [app],
    } as unknown as SetupsOptions["apps"],
    builds: {
      async start(_app: unknown, commit: string) {
        done.push(`deploy ${commit}`);
        const ended = deploy === undefined ? Promise.resolve(2) : Promise.reject(deploy);
        ended.catch(() => {});
        return { build: { id: "build-1" }, ended };
      },
    } as unknown as SetupsOptions["builds"],
    oneOffs: {
      async create({ command }: { command: string }) {
        done.push(`run ${command}`);
        return { dyno: "run.1" };
      },
      exitCode: async () => exitCode,
    } as unknown as SetupsOptions["oneOffs"],
    log: { write: () => {} },
    appJson: async () => ("appJson" in over && over.appJson === undefined ? undefined : appJson),
    report: (problem) => done.push(`report ${problem}`),
  };
  const setups = new Setups(options);
  const wish = (more: Partial<SetupWish> = {}): SetupWish => ({
    app,
    source: async () => "1".repeat(40),
    config: {},
    user: "ada@example.com",
    ...more,
  });
  const ended = async (more: Partial<SetupWish> = {}) => {
    const { id } = setups.begin(wish(more));
    await until("it has ended", async () => setups.get(id)?.status !== "pending");
    return setups.get(id);
  };
  return { setups, store, done, ended };
}

test("an app is set up: add-ons, config vars and formation first, then the deploy, then the script once", async () => {
  const { ended, done } = ground();
  const setup = await ended();
  assert.deepEqual(done, [
    "addon DATABASE",
    "scale web 2",
    "config A",
    "config KEY",
    `deploy ${"1".repeat(40)}`,
    "run seed",
  ]);
  assert.deepEqual(
    [setup?.status, setup?.build, setup?.exitCode, setup?.successUrl],
    ["succeeded", "build-1", 0, "http://shop.localhost:8080/welcome"],
  );
});

test("an app that cannot be set up goes again, and it is said why", async () => {
  const cases: [Parameters<typeof ground>[0], Partial<SetupWish>, RegExp][] = [
    [{ appJson: undefined }, {}, /the source has no app\.json/],
    [{ appJson: '{"addons": ["heroku-redis"]}' }, {}, /heroku-redis.* is no add-on/],
    [{ appJson: '{"env": {"MUST": {}}}' }, {}, /requires values for MUST/],
    [{ exitCode: 3 }, {}, /the postdeploy script failed with exit code 3/],
    [
      { deploy: new DeployFailed("build failed", { cause: new UserError("pip: no such package\nmore") }) },
      {},
      /^build failed: pip: no such package$/,
    ],
    [{}, { source: () => Promise.reject(new UserError("octo/hello has no branch x")) }, /has no branch x/],
  ];
  for (const [over, wish, why] of cases) {
    const { ended, done } = ground(over);
    const setup = await ended(wish);
    assert.equal(setup?.status, "failed");
    assert.match(setup?.failure ?? "", why);
    assert.equal(done.at(-1), "destroy shop");
    assert.ok(!done.some((each) => each.startsWith("report")));
  }
});

test("what an earlier control plane began is ended: the app goes", async () => {
  const { setups, store, done } = ground();
  const { id } = store.begin(app);
  await setups.recover();
  assert.deepEqual([setups.get(id)?.status, done], ["failed", ["destroy shop"]]);
  assert.match(setups.get(id)?.failure ?? "", /ended before the app was set up/);
});
