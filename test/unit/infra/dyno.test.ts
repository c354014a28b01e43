import assert from "node:assert/strict";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { Dyno, type DynoArgs } from "../../../infra/app/dyno.ts";
import { Formation } from "../../../infra/app/formation.ts";
import { UserError } from "../../../lib/errors.ts";
import { DYNO_SIZE_NAMES, DYNO_SIZES } from "../../../model/app/sizes.ts";
import { surroundings } from "../../../provider/docker/surroundings.ts";
import { KEY, platform } from "./fixtures.ts";
import { record } from "./recording.ts";

const args: DynoArgs = {
  platform,
  app: "shop",
  type: "web",
  index: 1,
  command: "uwsgi uwsgi.ini",
  image: "sha256:2222",
  slug: "slug-1",
  environment: { GREETING: "hello", DATABASE_URL: { value: pulumi.output("postgres://…"), version: "db 1" } },
  key: KEY,
};

async function service(changes: Partial<DynoArgs> = {}): Promise<string> {
  return (await record(() => new Dyno("shop.web.1", { ...args, ...changes }))).result.service;
}

test("a dyno is a service and its process", async () => {
  const recording = await record(() => new Dyno("shop.web.1", args));
  const dyno = recording.result;
  const hash = dyno.service.slice(-10);
  assert.equal(dyno.service, `test-shop-web-1-${hash}`);
  assert.equal(dyno.dyno, "web.1");
  assert.equal(dyno.port, 5000);
  assert.deepEqual(
    recording.resources.map(({ type, name, parent }) => [type, name, parent]),
    [
      ["dynoform:index:Dyno", "shop.web.1", undefined],
      ["docker:index/service:Service", `shop.web.1-${hash}`, "shop.web.1"],
      ["dyno:index:DynoProcess", `shop.web.1-${hash}-process`, "shop.web.1"],
    ],
  );

  const { inputs, options } = recording.get(`shop.web.1-${hash}`);
  const labels = [
    { label: "dynoform.app", value: "shop" },
    { label: "dynoform.dyno", value: "web.1" },
    { label: "dynoform.platform", value: "test" },
    { label: "dynoform.size", value: "free" },
    { label: "dynoform.type", value: "web" },
  ];
  const { DYNOFORM_UID: uid, ...env } = (inputs as { taskSpec: { containerSpec: { env: Record<string, string> } } })
    .taskSpec.containerSpec.env;
  assert.ok(Number(uid) >= 2 ** 20 && Number(uid) < 2 ** 31);
  assert.deepEqual(env, {
    GREETING: { secret: "hello" },
    DATABASE_URL: { secret: "postgres://…" },
    PORT: "5000",
    DYNO: "web.1",
    DYNOFORM_PROCESSES: "256",
    DYNOFORM_ROUTER: "10.77.0.10",
    DYNOFORM_POSTGRES: "10.77.0.11",
    DYNOFORM_EGRESS: "10.1.2.0/24",
    DYNOFORM_PATH: "/opt/venv/bin",
    DYNOFORM_DEFAULT_HOME: "/app",
    DYNOFORM_DEFAULT_STACK: "heroku-24",
    DYNOFORM_DEFAULT_LANG: "en_US.UTF-8",
    DYNOFORM_DEFAULT_PYTHONUNBUFFERED: "true",
    DYNOFORM_DEFAULT_PYTHONHASHSEED: "random",
    DYNOFORM_DEFAULT_PYTHONPATH: "/app",
    DYNOFORM_DEFAULT_DYNO_RAM: "512",
    DYNOFORM_DEFAULT_WEB_CONCURRENCY: "2",
    DYNOFORM_DEFAULT_FORWARDED_ALLOW_IPS: "*",
    DYNOFORM_DEFAULT_GUNICORN_CMD_ARGS: "--access-logfile -",
  });
  assert.deepEqual(inputs, {
    name: dyno.service,
    labels,
    mode: { replicated: { replicas: 1 } },
    endpointSpec: { mode: "dnsrr" },
    taskSpec: {
      containerSpec: {
        image: "sha256:2222",
        commands: ["/usr/lib/dynoform/init"],
        args: ["uwsgi uwsgi.ini"],
        env: { ...env, DYNOFORM_UID: uid },
        labels,
        capAdds: ["CHOWN", "NET_ADMIN", "SETUID", "SETGID", "SETPCAP"],
        capDrops: ["ALL"],
        mounts: [{ type: "bind", source: "/var/lib/dynoform/test/host", target: "/run/dynoform-host", readOnly: true }],
        stopGracePeriod: "30s",
      },
      networksAdvanceds: [{ id: "network-1" }],
      resources: { limits: { memoryBytes: 536_870_912, nanoCpus: 1_000_000_000 } },
      restartPolicy: { condition: "any", delay: "100ms", window: "0s" },
      logDriver: { name: "json-file", options: { "max-file": "3", "max-size": "10m" } },
    },
  });
  assert.deepEqual(options, { ignoreChanges: ["mode"] });

  const process = recording.get(`shop.web.1-${hash}-process`);
  assert.deepEqual(process.inputs, {
    platform: "test",
    app: "shop",
    service: dyno.service,
    dyno: "web.1",
    settle: 0,
    stopTimeout: 60,
  });
  assert.deepEqual(process.dependsOn, [`shop.web.1-${hash}`]);
});

test("a dyno without a port has to run for a while, and waits for what its caller waits for", async () => {
  const recording = await record(() => {
    const first = new Dyno("shop.web.1", args);
    return new Dyno("shop.worker.1", { ...args, type: "worker" }, { dependsOn: first.process });
  });
  const hash = recording.result.service.slice(-10);
  const first = recording.resources[1]?.name;
  assert.equal(recording.get(`shop.worker.1-${hash}-process`).inputs.settle, 3);
  assert.deepEqual(recording.get(`shop.worker.1-${hash}`).dependsOn, [`${first}-process`]);
});

test("performance dynos have all cores", async () => {
  const recording = await record(() => new Dyno("shop.web.1", { ...args, size: "performance-l" }));
  const hash = recording.result.service.slice(-10);
  const { taskSpec } = recording.get(`shop.web.1-${hash}`).inputs as { taskSpec: { resources: unknown } };
  assert.deepEqual(taskSpec.resources, { limits: { memoryBytes: 14 * 1024 ** 3 } });
});

test("the same arguments give the same name, whatever the order of variables", async () => {
  const { environment } = args;
  const turned = Object.fromEntries(Object.entries(environment ?? {}).reverse());
  assert.equal(await service({ environment: turned }), await service());
});

test("whatever makes a dyno what it is changes its name", async () => {
  const changes: Partial<DynoArgs>[] = [
    {},
    { slug: "slug-2" },
    { command: "python run.py" },
    { index: 2 },
    { type: "worker" },
    { app: "shop2" },
    { key: "another key of 16+" },
    { environment: { GREETING: "hello!" } },
    { environment: { GREETING: "hello", DATABASE_URL: { value: "postgres://…", version: "db 2" } } },
    { platform: { ...platform, egress: [] } },
    { platform: { ...platform, routerAddress: "10.77.0.20" } },
    { platform: { ...platform, name: "test2" } },
    ...DYNO_SIZE_NAMES.filter((size) => size !== "free").map((size) => ({ size })),
  ];
  const hashes: string[] = [];
  for (const change of changes) hashes.push((await service(change)).slice(-10));
  assert.equal(new Set(hashes).size, changes.length);
});

test("what does not make a dyno what it is leaves its name alone", async () => {
  const value = pulumi.output("postgres://other");
  const environment = { ...args.environment, DATABASE_URL: { value, version: "db 1" } };
  assert.equal(await service({ image: pulumi.output("sha256:3333") }), await service());
  assert.equal(await service({ environment }), await service());
  assert.equal(await service({ size: "free" }), await service());
  assert.equal(await service({ platform: { ...platform, networkId: "network-2" } }), await service());
});

test("a service's name is one for Docker and for DNS, however long its parts", async () => {
  const letters = fc.stringMatching(/^[a-z][a-z0-9-]{1,28}[a-z0-9]$/);
  await fc.assert(
    fc.asyncProperty(letters, letters, fc.integer({ min: 1, max: 999 }), async (app, type, index) => {
      fc.pre(!/-pr-\d+$/.test(app));
      const name = await service({ app, type, index, platform: { ...platform, name: "p".repeat(20) } });
      assert.match(name, /^[a-z][a-z0-9-]{0,51}-[0-9a-f]{10}$/);
    }),
    { numRuns: 25 },
  );
});

test("scaling touches no other dyno", async () => {
  const { index: _, ...shared } = args;
  const scaled = async (quantity: number) =>
    (await record(() => new Formation("shop.web", { ...shared, quantity }))).result.dynos.map(({ service }) => service);
  const three = await scaled(3);
  assert.equal(new Set(three).size, 3);
  assert.deepEqual(await scaled(1), three.slice(0, 1));
  assert.deepEqual(await scaled(0), []);
});

test("the dynos of a formation hang on it", async () => {
  const { index: _, ...shared } = args;
  const recording = await record(() => new Formation("shop.web", { ...shared, quantity: 2 }));
  assert.deepEqual(
    recording.resources.filter(({ type }) => type.startsWith("dynoform:")).map(({ name, parent }) => [name, parent]),
    [
      ["shop.web", undefined],
      ["shop.web.1", "shop.web"],
      ["shop.web.2", "shop.web"],
    ],
  );
});

test("all that is wrong with a dyno is said before anything is registered", async () => {
  const wrong = { app: "Shop", type: "1web", index: 0, size: "huge", key: "short", environment: { PORT: "80" } };
  let error: unknown;
  const recording = await record(() => {
    try {
      new Dyno("d", { ...args, ...wrong } as unknown as DynoArgs);
    } catch (thrown) {
      error = thrown;
    }
  });
  assert.deepEqual(recording.resources, []);
  assert.ok(error instanceof UserError);
  assert.deepEqual(error.problems, [
    'Dyno d: app: "Shop" is not allowed; use 3 to 30 lower-case letters, digits and dashes, beginning with a letter ' +
      "and ending with a letter or digit, but none of platform, dashboard, git, api",
    'Dyno d: type: "1web" is not allowed; use 1 to 30 letters, digits, dashes and underscores, beginning with a letter',
    "Dyno d: index: 0 is not allowed; use a whole number from 1 to 999",
    'Dyno d: size: "huge" is not a dyno size; use free, eco, basic, standard-1x, standard-2x, performance-m or performance-l',
    "Dyno d: environment.PORT: is set by the platform and can be no config var; remove it",
    "dynoform:key: has fewer than 16 characters; write a new one: openssl rand -hex 32 | pulumi config set --secret dynoform:key -s shop",
  ]);
});

test("a bare Output is refused by its type and when it comes all the same", async () => {
  await record(() => {
    // @ts-expect-error: a dyno's name cannot be made of a value that is not known yet.
    const environment: DynoArgs["environment"] = { URL: pulumi.output("later") };
    assert.throws(() => new Dyno("d", { ...args, environment }), {
      message:
        'Dyno d: environment.URL: is an Output, whose value no name can be made of; write { value: …, version: "1" }',
    });
  });
});

test("the sizes are Heroku's", () => {
  const MB = Object.entries(DYNO_SIZES).map(([name, size]) => {
    const { DYNO_RAM, WEB_CONCURRENCY } = surroundings(size);
    return [name, Number(DYNO_RAM), size.processes, Number(WEB_CONCURRENCY)];
  });
  assert.deepEqual(MB, [
    ["free", 512, 256, 2],
    ["eco", 512, 256, 2],
    ["basic", 512, 256, 2],
    ["standard-1x", 512, 256, 2],
    ["standard-2x", 1024, 512, 4],
    ["performance-m", 2560, 16_384, 5],
    ["performance-l", 14_336, 32_768, 17],
  ]);
});
