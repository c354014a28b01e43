import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { App, type AppArgs, type AppTransform } from "../../../infra/app/app.ts";
import { Platform, type PlatformArgs } from "../../../infra/platform/platform.ts";
import type { PlatformTransform } from "../../../infra/platform/transform.ts";
import { UserError } from "../../../lib/errors.ts";
import { KEY, platform } from "./fixtures.ts";
import { type Recorded, type Recording, record } from "./recording.ts";

const folder = await mkdtemp(join(tmpdir(), "infra-transform-"));
after(() => rm(folder, { recursive: true }));
await writeFile(join(folder, "Procfile"), "web: uwsgi uwsgi.ini\nworker: python work.py\nrelease: python migrate.py\n");
await writeFile(join(folder, "requirements.txt"), "flask==2.2.5\n");

const args: AppArgs = {
  platform,
  key: KEY,
  source: { path: folder },
  formation: { web: { quantity: 1 }, worker: { quantity: 1 } },
  addons: { DATABASE: { service: "postgresql" }, ORDERS: { attach: { stack: "other", addon: "DATABASE" } } },
  databases: { ORDERS: { database: "d1", server: "test-postgres" } },
  config: { GREETING: "hello" },
};

const app = (transform?: AppTransform, more: Partial<AppArgs> = {}) =>
  record(() => new App("shop", { ...args, ...more, ...(transform && { transform }) }));

const labelled: AppTransform = {
  service(args, _opts, name) {
    if (name.startsWith("shop.web.")) args.labels?.push({ label: "team", value: "shop" });
  },
};

interface Labelled {
  readonly labels: readonly { readonly label: string; readonly value: string }[];
  readonly taskSpec: { readonly containerSpec: Pick<Labelled, "labels"> };
}

/** The first of a type, by its name. */
function first(recording: Recording<unknown>, type: string): Recorded {
  const found = recording.resources.find((each) => each.type.endsWith(`:${type}`));
  assert.ok(found, type);
  return found;
}

/** Names without the hash of what stands behind them. */
function plain(name: string): string {
  return name.replace(/-[0-9a-f]{10}(?=$|-process$)/, "").replace(/-process$/, "");
}

test("a label on a dyno's service is a new dyno, and touches no other", async () => {
  const [before, changed, again] = [await app(), await app(labelled), await app(labelled)];
  const web = first(changed, "Service");
  const { labels, taskSpec } = web.inputs as unknown as Labelled;
  assert.deepEqual(labels.at(-1), { label: "team", value: "shop" });
  const containerLabels = taskSpec.containerSpec.labels;
  assert.ok(!containerLabels.some(({ label }) => label === "team"), "the list that was changed is that one's own");
  assert.notEqual(changed.result.dynos["web.1"], before.result.dynos["web.1"]);
  assert.match(String(web.name), new RegExp(`-${changed.result.dynos["web.1"]?.slice(-10)}$`));
  assert.equal(changed.result.dynos["worker.1"], before.result.dynos["worker.1"]);
  assert.deepEqual(again.result.dynos, changed.result.dynos, "the same change is the same dyno");
  const routed = changed.get("shop-route").inputs.dynos as { name: string }[];
  assert.equal(routed[0]?.name, changed.result.dynos["web.1"]);
});

test("any value that is changed, added or removed is part of the name; an option is none", async () => {
  const of = async (service: AppTransform["service"]) => (await app({ service })).result.dynos["web.1"];
  const before = (await app()).result.dynos["web.1"];
  const names = [
    await of((args) => {
      args.labels?.push({ label: "team", value: "a" });
    }),
    await of((args) => {
      args.labels?.push({ label: "team", value: "b" });
    }),
    await of((args) => {
      args.taskSpec.containerSpec.env = { ...args.taskSpec.containerSpec.env, EXTRA: "1" };
    }),
    await of((args) => {
      delete args.taskSpec.logDriver;
    }),
    await of((args) => {
      args.taskSpec.containerSpec.capAdds = [];
    }),
  ];
  assert.equal(new Set([before, ...names]).size, 6);
  let options: pulumi.CustomResourceOptions | undefined;
  const same = await app({
    service(args, opts) {
      args.labels?.reverse();
      args.labels?.reverse();
      opts.retainOnDelete = true;
      options = opts;
    },
  });
  assert.equal(same.result.dynos["web.1"], before);
  assert.equal(first(same, "Service").options.retainOnDelete, true);
  assert.deepEqual(options?.ignoreChanges, ["mode"]);
});

test("a changed build is another image and so other dynos; a changed release task runs again", async () => {
  const before = await app();
  const built = await app({
    build(args) {
      args.pip = "another";
    },
  });
  assert.notEqual(first(built, "Build").name, first(before, "Build").name);
  assert.notEqual(built.result.dynos["web.1"], before.result.dynos["web.1"]);
  const run = await app({
    releaseTask(args) {
      args.command = "python other.py";
    },
  });
  assert.notEqual(first(run, "ReleaseTask").name, first(before, "ReleaseTask").name);
  assert.equal(run.result.dynos["web.1"], before.result.dynos["web.1"]);
});

test("every resource of an app can be changed, and nothing of ours is shared with it", async () => {
  const called: string[] = [];
  const each = (args: object, opts: pulumi.CustomResourceOptions, name: string) => {
    called.push(name);
    opts.retainOnDelete = true;
    spoil(args);
  };
  const keys = [
    "build",
    "releaseTask",
    "route",
    "release",
    "process",
    "server",
    "role",
    "password",
    "database",
    "grant",
  ];
  // A dyno's own would be spoilt with its name.
  const service: AppTransform["service"] = (_args, opts, name) => {
    called.push(name);
    opts.retainOnDelete = true;
  };
  const recording = await app({ ...Object.fromEntries(keys.map((key) => [key, each])), service });
  const own = recording.resources.filter(({ type }) => !type.startsWith("dynoform:"));
  assert.deepEqual([...new Set(called)].sort(), [...new Set(own.map(({ name }) => plain(name)))].sort());
  for (const { name, options, type } of own) {
    if (!type.startsWith("pulumi:providers:")) assert.equal(options.retainOnDelete, true, name);
  }
  const dynos = (await app()).result.dynos;
  assert.deepEqual((await app({ process: each })).result.dynos, dynos, "how it is started is no part of a dyno's name");
});

test("every resource of a platform can be changed", async () => {
  const directory = await mkdtemp(join(tmpdir(), "infra-transform-"));
  try {
    const called: string[] = [];
    const each = (_args: object, opts: pulumi.CustomResourceOptions, name: string) => {
      called.push(name);
      opts.retainOnDelete = true;
    };
    const transform: PlatformTransform = { network: each, container: each, image: each, volume: each, password: each };
    const settings: PlatformArgs = { name: "test", directory };
    const recording = await record(() => new Platform("main", { ...settings, transform }));
    const own = recording.resources.filter(({ type }) => !type.startsWith("dynoform:"));
    assert.deepEqual(called.sort(), own.map(({ name }) => name).sort());
    for (const { name, options } of own) assert.equal(options.retainOnDelete, true, name);
    const one = await record(
      () =>
        new Platform("main", {
          ...settings,
          transform: {
            container(args, _opts, name) {
              if (name === "main-postgres") args.shmSize = 256;
            },
          },
        }),
    );
    assert.equal(one.get("main-postgres").inputs.shmSize, 256);
    assert.equal(one.get("main-router").inputs.shmSize, undefined);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("what no name can be made of, and what would have no effect, is refused in one line", async () => {
  const refused = (transform: AppTransform, message: RegExp) =>
    record(() => {
      const made = () => new App("shop", { ...args, transform });
      assert.throws(made, (error: Error) => error instanceof UserError && message.test(error.message));
    });
  await refused(
    {
      service(args) {
        args.taskSpec.containerSpec.hostname = pulumi.output("later");
      },
    },
    /^Dyno shop\.web\.1: transform\.service sets taskSpec\.containerSpec\.hostname to what is known later only, .*write a plain value.*$/,
  );
  await refused(
    {
      service(args) {
        args.name = "other";
      },
    },
    /^Dyno shop\.web\.1: transform\.service sets name, by which the router finds it; leave it$/,
  );
  await refused(
    { route: (args) => ({ ...args, drain: 1 }) },
    /^shop-route: its transform gives something back; change the arguments that it gets instead$/,
  );
});

/** Empties every list in it. */
function spoil(value: unknown): void {
  if (Array.isArray(value)) value.length = 0;
  else if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    for (const each of Object.values(value)) spoil(each);
  }
}
