import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import { createProvider } from "../../../provider/index.ts";
import { RouterClient } from "../../../services/router-client/client.ts";
import { certificateFor } from "../../support/certificate.ts";
import { startLoad } from "../../support/load.ts";
import { type RouterGround, routerGround, until } from "./ground.ts";

const provider = createProvider();
let ground: RouterGround;
before(async () => {
  ground = await routerGround();
});
after(() => ground?.[Symbol.asyncDispose]());

const call = (type: string) => ({
  urn: `urn:pulumi:s::p::${type}::x`,
  type,
  name: "x",
  signal: new AbortController().signal,
  log() {},
});
const ROUTE = call("dyno:index:Route");
const PROCESS = call("dyno:index:DynoProcess");

function routeInputs(app: string, services: readonly string[], more: PropertyMap = {}): PropertyMap {
  return {
    platform: ground.name,
    socket: ground.socket,
    app,
    hosts: [`${app}.localhost`],
    dynos: services.map((name, index) => ({ name, port: 5000, dyno: `web.${index + 1}` })),
    deployed: true,
    healthCheck: { type: "http", path: "/", timeout: 60 },
    drain: 10,
    ...more,
  };
}

function processInputs(service: string, more: PropertyMap = {}): PropertyMap {
  return { platform: ground.name, app: "hello", service, dyno: "worker.1", settle: 0.5, stopTimeout: 30, ...more };
}

function create(inputs: PropertyMap, type = ROUTE) {
  return provider.create({ ...type, inputs, timeout: 0, preview: false });
}

function update(oldInputs: PropertyMap, news: PropertyMap) {
  return provider.update({
    ...ROUTE,
    id: String(news.app),
    oldInputs,
    oldOutputs: { ...oldInputs, revision: 1 },
    news,
    ignoreChanges: [],
    timeout: 0,
    preview: false,
  });
}

function diff(inputs: PropertyMap, news = inputs) {
  const oldOutputs = { ...inputs, revision: 1 };
  return provider.diff({ ...ROUTE, id: String(inputs.app), oldInputs: inputs, oldOutputs, news, ignoreChanges: [] });
}

async function replicas(service: string): Promise<number> {
  return (await ground.docker.getService(service).inspect()).Spec.Mode.Replicated.Replicas;
}

test("a route's life: created, the same, changed, mended, read, deleted", async () => {
  const asleep = await ground.dyno("life-1", { replicas: 0 });
  const inputs = routeInputs("life", [asleep]);
  const { failures } = await provider.check({
    ...ROUTE,
    olds: undefined,
    news: inputs,
    randomSeed: new Uint8Array(32),
  });
  assert.equal(failures, undefined);

  const { id, outputs } = await create(inputs);
  assert.equal(id, "life");
  assert.ok(Number(outputs.revision) > 0);
  assert.equal(await replicas(asleep), 1, "a deployment wakes what it names");
  assert.equal((await ground.get("life.localhost")).body, "v1");
  assert.deepEqual(await diff(inputs), { changes: false, detailedDiff: {} });

  const next = await ground.dyno("life-2", { version: "v2" });
  const news = routeInputs("life", [next]);
  assert.deepEqual((await diff(inputs, news)).detailedDiff, { "dynos[0].name": { kind: "update", inputDiff: true } });
  await update(inputs, news);
  assert.equal((await ground.get("life.localhost")).body, "v2");

  // As after a kill between the switch and the saving of the state: the state has the old dynos.
  assert.deepEqual((await diff(inputs)).detailedDiff, { dynos: { kind: "update", inputDiff: false } });
  await update(inputs, inputs);
  assert.equal((await ground.get("life.localhost")).body, "v1");

  assert.equal((await provider.read({ ...ROUTE, id, inputs, outputs }))?.id, "life");
  assert.equal((await provider.recover?.({ ...ROUTE, inputs }))?.id, "life");
  await provider.delete({ ...ROUTE, id, inputs, outputs, timeout: 0 });
  assert.equal((await ground.get("life.localhost")).status, 404);
  assert.equal(await provider.read({ ...ROUTE, id, inputs, outputs }), undefined);
  assert.equal(await provider.recover?.({ ...ROUTE, inputs }), undefined);
  await provider.delete({ ...ROUTE, id, inputs, outputs, timeout: 0 });
});

test("what is done at run time is no difference, and a deployment ends it", async () => {
  const service = await ground.dyno("acts");
  const inputs = routeInputs("acts", [service]);
  await create(inputs);
  const router = new RouterClient(ground.socket);
  const { signal } = ROUTE;
  const revision = (await router.get("acts", signal))?.revision;

  await assert.rejects(router.mode("acts", "asleep", signal, { ifIdle: 60 }), { error: "busy" });
  assert.deepEqual(await router.mode("acts", "asleep", signal), {});
  const all = await router.list(signal);
  assert.deepEqual(
    all.filter(({ app }) => app === "acts").map(({ mode, dynos }) => ({ mode, dynos })),
    [{ mode: "asleep", dynos: [{ name: service, port: 5000, dyno: "web.1" }] }],
  );
  assert.deepEqual(await diff(inputs), { changes: false, detailedDiff: {} });
  assert.equal((await router.get("acts", signal))?.revision, revision, "refresh sees none either");
  await update(inputs, inputs);
  assert.equal((await router.get("acts", signal))?.mode, "awake");
  assert.equal((await ground.get("acts.localhost")).body, "v1");

  assert.deepEqual(await router.takeOut("acts", service, signal), {});
  for (const container of await ground.containers(service)) await container.kill();
  await router.putIn("acts", service, signal);
  assert.equal((await ground.get("acts.localhost")).body, "v1");
  await assert.rejects(router.putIn("acts", "nobody", signal), { error: "not_found" });
  await router.crashed("acts", true, signal);
  await router.crashed("acts", false, signal);
  const { acts } = await router.activity(signal);
  assert.ok(acts && acts.requests >= 2 && acts.inflight === 0 && Math.abs(acts.last - Date.now() / 1000) < 60);

  const blank = routeInputs("blank", [], { deployed: false });
  await create(blank);
  assert.match((await ground.get("blank.localhost")).body, /Welcome to your new app!/);
  await update(blank, routeInputs("blank", []));
  assert.equal((await ground.get("blank.localhost")).status, 503);
});

test("a router that is away: no difference", async () => {
  const inputs = routeInputs("away", [], { socket: "/nonexistent/admin.sock" });
  assert.equal((await diff(inputs)).changes, false);
});

test("new dynos that fail: the reason with the last lines, the old ones serve, the new ones are parked", async () => {
  const good = await ground.dyno("bad-0", { version: "good" });
  const inputs = routeInputs("bad", [good]);
  await create(inputs);
  await using traffic = startLoad({
    host: "bad.localhost",
    port: ground.port,
    rate: 50,
    path: () => "/",
    isFromApp: ({ body }) => body === "good",
  });

  const crash = [await ground.dyno("crash", { mode: "crash" }), await ground.dyno("well", { dyno: "web.2" })];
  const started = performance.now();
  await assert.rejects(update(inputs, routeInputs("bad", crash)), {
    message: [
      "web.1 of bad exited 3 times: exit status 3. Its last lines:",
      "    reading the settings",
      "    KeyError: 'SECRET_KEY'",
    ].join("\n"),
  });
  assert.ok(performance.now() - started < 40_000, "at once, and not after the check's 60 seconds");
  for (const service of crash) assert.equal(await replicas(service), 0, "nothing crashes or idles until the next up");

  const healthCheck = { type: "http", path: "/", timeout: 2 };
  const failing = [
    {
      mode: "unbound",
      message:
        "web.1 of bad did not listen on $PORT within 2 seconds (H20 App boot timeout). Its last lines:\n    started v1",
    },
    {
      mode: "500",
      message:
        "web.1 of bad answered 500 to GET / for 2 seconds; the app's healthCheck wants less than 500. Its last lines:\n" +
        "    started v1\n    ImportError: no module named 'flask_jwtt'",
    },
    {
      mode: "500",
      type: "no-worse",
      message:
        "web.1 of bad answered 500 to GET / for 2 seconds, and the release that it was to replace answers below 500. " +
        "Its last lines:\n    started v1\n    ImportError: no module named 'flask_jwtt'\n" +
        "To deploy it all the same: heroku maintenance:on -a bad, deploy, mend it, heroku maintenance:off -a bad",
    },
  ] as const;
  for (const { mode, message, ...more } of failing) {
    const { type = "http" } = more as { type?: string };
    const service = await ground.dyno(`bad-${mode}-${type}`, { mode });
    await until("its container runs", async () => (await ground.containers(service)).length > 0);
    const news = routeInputs("bad", type === "http" ? [good, service] : [service], {
      healthCheck: { ...healthCheck, type },
    });
    await assert.rejects(update(inputs, news), (error: Error) => {
      // The app writes a line for each probe.
      const lines = error.message.split("\n");
      assert.equal([...new Set(lines)].join("\n"), message);
      return true;
    });
    assert.equal(await replicas(service), 0);
    assert.equal(await replicas(good), 1);
  }
  await assert.rejects(update(inputs, routeInputs("bad", ["no-such-service"])), {
    message: /^bad has no service no-such-service; was it removed outside\?/,
  });
  assert.deepEqual((await diff(inputs)).changes, false, "the next up with the old inputs has nothing to do");
  const { lost, sent } = await traffic.stop();
  assert.deepEqual(lost.slice(0, 3), [], `${lost.length} of ${sent} lost`);
});

test("a new dyno that answers 500 is taken, with a warning, where what it replaces does no better", async () => {
  const said: string[] = [];
  const listening = {
    ...ROUTE,
    log: (severity: string, message: string) => {
      if (severity === "warning") said.push(message);
    },
  };
  const lines = "Its last lines:\n    started v1\n    ImportError: no module named 'flask_jwtt'";
  const within = (timeout: number) => ({ healthCheck: { type: "no-worse", path: "/", timeout } });
  const route = (service: string, more: PropertyMap = {}) => routeInputs("mend", [service], { ...within(30), ...more });
  const deploy = (inputs: PropertyMap) =>
    provider.create({ ...listening, inputs, timeout: 0, preview: false }).then(() => said.splice(0).join("\n"));
  const status = async () => (await ground.get("mend.localhost")).status;
  const [first, second, well, third, fourth, fifth, mute] = await Promise.all([
    ground.dyno("mend-1", { mode: "500" }),
    ground.dyno("mend-2", { mode: "500" }),
    ground.dyno("mend-3"),
    ground.dyno("mend-4", { mode: "500", replicas: 0 }),
    ground.dyno("mend-5", { mode: "500", replicas: 0 }),
    ground.dyno("mend-6", { mode: "500", replicas: 0 }),
    ground.dyno("mend-7", { boot: 3_600_000 }),
  ]);
  const all = "web.1 of mend answers 500 to GET /, and was deployed all the same, as";
  assert.equal(await deploy(route(first)), `${all} there is nothing that it replaces. ${lines}`);
  assert.equal(await deploy(route(second)), `${all} what it replaces does no better. ${lines}`);
  assert.equal(await status(), 500);
  assert.equal(await deploy(route(well)), "");
  assert.equal(await status(), 200);

  // One that sleeps is woken to be asked.
  const router = new RouterClient(ground.socket);
  await router.mode("mend", "asleep", ROUTE.signal);
  await ground.scale(well, 0);
  await assert.rejects(
    deploy(route(third, within(10))),
    /answered 500 .* and the release that it was to replace answers below 500/,
  );
  assert.equal(await status(), 200, "it serves");
  assert.equal((await router.get("mend", ROUTE.signal))?.mode, "awake");
  assert.equal(await router.bound(third, ROUTE.signal), true);
  assert.equal(await router.bound("never-was", ROUTE.signal), false);

  // In maintenance nobody is served worse; and one can be made to take it.
  assert.equal(await deploy(route(fourth, { maintenance: true })), `${all} the app is in maintenance. ${lines}`);
  await deploy(route(well));
  process.env.DYNOFORM_FORCE = "1";
  try {
    assert.match(await deploy(route(fifth)), /was deployed all the same, as that was wanted/);
  } finally {
    delete process.env.DYNOFORM_FORCE;
  }
  assert.equal(await status(), 500);

  // One that listens and says nothing.
  assert.equal(
    await deploy(route(mute, within(5))),
    "web.1 of mend did not answer GET / within 5 seconds, and was deployed all the same, as what it replaces does no " +
      "better. Its last lines:\n    started v1",
  );
});

test("a worker: started when it has run for a while, parked when it does not", async () => {
  const service = await ground.dyno("worker", { replicas: 0, dyno: "worker.1" });
  const { id } = await create(processInputs(service), PROCESS);
  assert.equal(id, service);
  assert.equal(await replicas(service), 1);

  const crash = await ground.dyno("worker-crash", { mode: "crash" });
  await assert.rejects(create(processInputs(crash, { settle: 5 }), PROCESS), (error: Error) => {
    assert.match(
      error.message,
      /^worker\.1 of hello exited 3 times: exit status 3\. The web dynos of this deployment serve already\. Its last lines:\n {4}reading/,
    );
    return true;
  });
  assert.equal(await replicas(crash), 0);
  const web = await create(processInputs("not-waited-for", { settle: 0, dyno: "web.1" }), PROCESS);
  assert.equal(web.id, "not-waited-for");
});

test("a dyno's end: its container is gone, also when it crashes all the time, or the service is gone", async () => {
  const services = [await ground.dyno("end"), await ground.dyno("end-crash", { mode: "crash" }), "never-was"];
  const [first = ""] = services;
  await until("it runs", async () => (await ground.containers(first)).length > 0);
  for (const service of services) {
    const inputs = processInputs(service);
    await provider.delete({ ...PROCESS, id: service, inputs, outputs: inputs, timeout: 0 });
    assert.deepEqual(await ground.containers(service), []);
  }
});

test("a certificate is put, seen to differ, mended and removed, and recovered after a crash", async () => {
  const type = call("dyno:index:Certificate");
  const [first, second] = [await certificateFor(["www.shop.test"]), await certificateFor(["www.shop.test"])];
  const name = "app.shop.www";
  const inputs = { platform: ground.name, socket: ground.socket, name, hosts: ["www.shop.test"], ...first };
  const state = { id: name, oldInputs: inputs, oldOutputs: inputs, ignoreChanges: [] };
  const there = async () => (await ground.admin("GET", `/certificates/${name}`)).body;

  await provider.create({ ...type, inputs, timeout: 0, preview: true });
  assert.equal((await there()).error, "not_found", "a preview puts nothing");
  assert.equal(await provider.recover?.({ ...type, inputs }), undefined);
  const { id } = await create(inputs, type);
  assert.deepEqual([id, (await there()).chain], [name, first.chain]);
  assert.equal((await provider.recover?.({ ...type, inputs }))?.id, name);
  assert.equal((await provider.diff({ ...type, ...state, news: inputs })).changes, false);

  await ground.admin("PUT", `/certificates/${name}`, { hosts: ["a.shop.test"], ...second });
  const drifted = await provider.diff({ ...type, ...state, news: inputs });
  assert.deepEqual(Object.keys(drifted.detailedDiff ?? {}).sort(), ["chain", "hosts"]);
  const news = { ...inputs, ...second };
  await provider.update({ ...type, ...state, news, timeout: 0, preview: false });
  assert.deepEqual([(await there()).chain, (await there()).hosts], [second.chain, ["www.shop.test"]]);

  const wrong = { ...inputs, key: second.key };
  await assert.rejects(create(wrong, type), /^Error: the certificate app\.shop\.www does not belong to its key/);
  await provider.delete({ ...type, id, inputs: news, outputs: news, timeout: 0 });
  await provider.delete({ ...type, id, inputs: news, outputs: news, timeout: 0 });
  assert.equal((await there()).error, "not_found");
});
