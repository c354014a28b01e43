import assert from "node:assert/strict";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { packageRoot } from "../../../lib/package-root.ts";
import { serveControlSocket } from "../../../services/control-plane/control-socket.ts";
import { routerPort } from "../../../services/control-plane/router.ts";
import { startLoad } from "../../support/load.ts";
import { until } from "../../support/until.ts";
import { type RouterGround, routerGround } from "../router/ground.ts";
import { type DynoGround, type DynoOptions, dynoGround } from "./ground.ts";

/** As in the router's tests; a folder's files say how it fails. */
const START =
  "test -e /how/broken && sleep 0.1 && exit 3; test -e /how/mute && sleep 3600; exec /dyno/node /dyno/dyno.mjs";

let router: RouterGround;
let ground: DynoGround;
let control: AsyncDisposable;
before(async () => {
  router = await routerGround();
  const port = routerPort(router.socket, new AbortController().signal);
  ground = await dynoGround({
    docker: router.docker,
    name: router.name,
    router: port,
    after: 3600,
    nap: { until: 7200, reserve: 0 },
    backOff: { first: 2, most: 4, well: 30, proving: 0 },
  });
  const path = join(dirname(router.socket), "control.sock");
  const { manager } = ground;
  control = await serveControlSocket(
    path,
    (app) => manager.wake(app),
    (service) => manager.addressOf(service),
  );
});
after(async () => {
  await control?.[Symbol.asyncDispose]();
  await ground?.[Symbol.asyncDispose]();
  await router?.[Symbol.asyncDispose]();
});

async function dyno(short: string, options: DynoOptions): Promise<string> {
  const how = join(ground.directory, options.app ?? "shop");
  await mkdir(how, { recursive: true });
  return ground.service(short, ["sh", "-c", START], {
    ...options,
    network: router.name,
    env: ["VERSION=v1", `DYNO=${options.dyno ?? "web.1"}`, ...(options.env ?? [])],
    mounts: [
      { Type: "bind", Source: process.execPath, Target: "/dyno/node", ReadOnly: true },
      { Type: "bind", Source: join(packageRoot(), "test/docker/router/dyno.mjs"), Target: "/dyno/dyno.mjs" },
      { Type: "bind", Source: how, Target: "/how" },
    ],
  });
}

const fail = (app: string, how: string) => writeFile(join(ground.directory, app, how), "");
const mend = (app: string, how: string) => rm(join(ground.directory, app, how));
const lines = (app: string, dyno: string) =>
  ground.log.all.filter((line) => line.startsWith(`${app} heroku[${dyno}]`)).map((line) => line.replace(/^.*?: /, ""));
const kill = async (service: string) => {
  for (const container of await router.containers(service)) await container.kill({ signal: "SIGKILL" });
};

function load(app: string, path = (n: number) => (n % 20 === 0 ? "/slow" : "/")) {
  return startLoad({
    host: `${app}.localhost`,
    port: router.port,
    rate: 50,
    path,
    isFromApp: ({ status, body }) => status === 200 && body === "v1",
  });
}

test("restarts lose no request: of two dynos and a worker, and of an app's only dyno", async (t) => {
  const web = [await dyno("two-1", { app: "two", dyno: "web.1" }), await dyno("two-2", { app: "two", dyno: "web.2" })];
  await dyno("two-w", { app: "two", dyno: "worker.1" });
  const only = await dyno("only-1", { app: "only" });
  assert.equal((await router.put("two", web)).status, 200);
  assert.equal((await router.put("only", [only])).status, 200);
  await until("all are up", async () =>
    [...(await ground.manager.list("two")), ...(await ground.manager.list("only"))].every(
      ({ state }) => state === "up",
    ),
  );
  const { NetworkSettings } = (await (await router.containers(only))[0]?.inspect()) ?? {};
  assert.equal(ground.manager.addressOf(only), NetworkSettings?.Networks[router.name]?.IPAddress);
  assert.equal(ground.manager.addressOf("none"), undefined);
  for (const [app, dynos] of [
    ["two", ["web.1", "web.2", "worker.1"]],
    ["only", ["web.1"]],
  ] as const) {
    const before = new Set(ground.manager.watcher.running().map(({ container }) => container));
    await using requests = load(app);
    await sleep(300);
    const started = performance.now();
    assert.deepEqual(await ground.manager.restart(app), dynos);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    await sleep(300);
    const { sent, lost, times } = await requests.stop();
    assert.deepEqual(lost, [], app);
    t.diagnostic(
      `${app}: restarted in ${seconds} s, ${sent} requests, the longest ${Math.round(times.at(-1) ?? 0)} ms`,
    );
    const now = ground.manager.watcher.running().filter((running) => running.app === app);
    assert.ok(now.length === dynos.length && now.every(({ container }) => !before.has(container)));
  }
  assert.deepEqual(lines("only", "web.1").slice(-6), [
    "Restarting",
    "State changed from up to starting",
    `Starting process with command \`-c ${START}\``,
    "State changed from starting to up",
    "Stopping all processes with SIGTERM",
    "Process exited with status 0",
  ]);
});

test("an app naps and is thawed once for all who wait; Swarm takes what naps for what runs, and stops it too", async () => {
  const service = await dyno("nap", { app: "nap" });
  const worker = await dyno("nap-w", { app: "nap", dyno: "worker.1" });
  assert.equal((await router.put("nap", [service])).status, 200);
  const states = async () => (await ground.manager.list("nap")).map(({ state, detail }) => detail ?? state).join();
  await until("it is up", async () => (await states()) === "up,up");
  const running = () => ground.manager.watcher.running().filter(({ app }) => app === "nap");
  const before = running().map(({ container }) => container);
  const naps = async () => {
    assert.equal(await ground.manager.sleep.nap("nap"), true);
    assert.equal(await states(), "napping,napping");
  };

  await naps();
  for (const container of [...(await router.containers(service)), ...(await router.containers(worker))]) {
    assert.equal((await container.inspect()).State.Paused, true);
  }
  for (const name of [service, worker]) assert.equal((await ground.manager.services.tasks(name)).size, 1);
  const used = () =>
    Promise.all(
      before.map(async (container) => {
        const stats = await router.docker.getContainer(container).stats({ stream: false, "one-shot": true });
        return stats.cpu_stats.cpu_usage.total_usage;
      }),
    );
  const usedBefore = await used();
  await sleep(500);
  assert.deepEqual(await used(), usedBefore, "no processor time");
  const answers = await Promise.all(Array.from({ length: 40 }, () => router.get("nap.localhost", "/")));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  await until("it is up again", async () => (await states()) === "up,up");
  assert.deepEqual(
    running().map(({ container }) => container),
    before,
  );
  assert.equal(lines("nap", "web.1").filter((line) => line === "Unidling").length, 1);

  // Somebody thaws one by hand: the next look finds it, and all are awake.
  await naps();
  await (await router.containers(worker))[0]?.unpause();
  await until("it is awake", async () => {
    await ground.manager.idle.tick();
    return (await states()) === "up,up" && (await router.admin("GET", "/apps/nap")).body.mode === "awake";
  });

  await naps();
  assert.deepEqual(await ground.manager.restart("nap", { type: "web" }), ["web.1"]);
  await until("another serves", async () => (await states()) === "up,up");

  await naps();
  await router.docker.getService(worker).remove();
  await until("Swarm has stopped a frozen container", async () => !running().some(({ dyno }) => dyno === "worker.1"));
  assert.equal(await ground.manager.sleep.sleep("nap"), true);
  await until("the other sleeps", async () => running().length === 0);
  assert.equal((await router.get("nap.localhost", "/")).status, 200);
  assert.deepEqual(ground.warnings, []);
});

test("an only dyno is restarted while it answers a long request: others are answered meanwhile, by the new one", async (t) => {
  const service = await dyno("long", { app: "long" });
  assert.equal((await router.put("long", [service], { drain: 30 })).status, 200);
  await until("it is up", async () => (await ground.manager.list("long"))[0]?.state === "up");
  const who = async () => (await router.get("long.localhost", "/whoami")).body.split(" ").at(-1) ?? "";
  for (let round = 1; round <= 3; round++) {
    const old = await who();
    await using requests = load("long", () => "/");
    let ended = false;
    const long = router.get("long.localhost", "/drip?seconds=5").finally(() => {
      ended = true;
    });
    await until("the long request runs", async () => (await router.admin("GET", "/activity")).body.long.inflight > 0);
    const restarting = ground.manager.restart("long");
    await until("another answers", async () => (await who()) !== old);
    assert.equal(ended, false, "nobody waited for the long request");
    assert.deepEqual(await restarting, ["web.1"]);
    const { status, body } = await long;
    assert.equal(status, 200);
    assert.ok(body.length >= 40 && /^\.+$/.test(body), `${body.length} bytes`);
    const { sent, lost, times } = await requests.stop();
    assert.deepEqual(lost, []);
    t.diagnostic(
      `${sent} requests, p99 ${Math.round(times[Math.floor(times.length * 0.99)] ?? 0)} ms, the longest ${Math.round(times.at(-1) ?? 0)} ms`,
    );
    assert.equal((await router.containers(service)).length, 1);
    assert.equal(await ground.replicas(service), 1);
    const [{ inflight } = { inflight: undefined }] = [(await router.admin("GET", "/activity")).body.long];
    assert.equal(inflight, 0);
  }
});

test("an only dyno whose new process crashes goes on; what a killed control plane left is ended by the next", async () => {
  const service = await dyno("firm", { app: "firm" });
  assert.equal((await router.put("firm", [service])).status, 200);
  // It is proven: this is the time that a second one has.
  assert.equal((await router.put("firm", [service], { check: { type: "http", path: "/", timeout: 3 } })).status, 200);
  await until("it is up", async () => (await ground.manager.list("firm"))[0]?.state === "up");
  const running = async () => (await router.containers(service)).map(({ id }) => id);
  const before = await running();
  await using requests = load("firm");
  await fail("firm", "broken");
  await assert.rejects(ground.manager.restart("firm"), /web\.1 of firm was not restarted: its new process crashed/);
  assert.deepEqual(await running(), before);
  assert.equal(await ground.replicas(service), 1);
  assert.equal((await ground.manager.list("firm"))[0]?.state, "up");
  await mend("firm", "broken");

  /** The control plane is killed when it has begun a restart. */
  const cutOff = async () => {
    const [serving] = ground.manager.watcher.running(service);
    assert.ok(serving?.address !== undefined);
    const keep = { state: "keep", at: serving.address };
    assert.equal((await router.admin("POST", `/apps/firm/dynos/${service}`, keep)).status, 200);
    await ground.manager.services.double(service);
    await until("there are two", async () => (await running()).length === 2);
    await ground.restart();
    await until("one is left", async () => (await ground.replicas(service)) === 1 && (await running()).length === 1);
    await until("it is up", async () => (await ground.manager.list("firm"))[0]?.state === "up");
  };
  await fail("firm", "mute");
  await cutOff();
  assert.deepEqual(await running(), before, "the new one did not listen");
  await mend("firm", "mute");
  await cutOff();
  assert.notDeepEqual(await running(), before);
  const { lost } = await requests.stop();
  assert.deepEqual(lost, []);
});

test("a dyno that keeps crashing is parked, its requests are answered at once, and it is started again", async () => {
  // More memory than there is: it is not restarted beside.
  const service = await dyno("sick", { app: "sick", memory: 2 ** 44 });
  assert.equal((await router.put("sick", [service])).status, 200);
  // It is proven: this is the time that it has to come back.
  assert.equal((await router.put("sick", [service], { check: { type: "http", path: "/", timeout: 3 } })).status, 200);
  await until("it is up", async () => lines("sick", "web.1").includes("State changed from starting to up"));
  await fail("sick", "broken");
  await kill(service);
  await until("it is parked", async () => (await ground.replicas(service)) === 0);
  const started = performance.now();
  const { status, body } = await router.get("sick.localhost");
  assert.equal(status, 503, body);
  assert.ok(performance.now() - started < 1000, "H10 at once");
  assert.equal((await ground.manager.list("sick"))[0]?.state, "crashed");
  assert.ok(lines("sick", "web.1").includes("Process exited with status 3"));

  await ground.restart();
  await until("it was tried again", async () => (await ground.replicas(service)) === 1);
  await until("it is parked again", async () => (await ground.replicas(service)) === 0);
  await mend("sick", "broken");
  await until("it serves", async () => (await router.get("sick.localhost")).body === "v1");
  await until("it is up", async () => (await ground.manager.list("sick"))[0]?.state === "up");

  // A start that never listens is ended, and counts as a crash.
  await fail("sick", "mute");
  await assert.rejects(ground.manager.restart("sick"), /web\.1 of sick crashed after it was restarted/);
  assert.deepEqual(lines("sick", "web.1").slice(-4), [
    "Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 3 seconds of launch",
    "Stopping process with SIGKILL",
    "Process exited with status 137",
    "State changed from starting to crashed",
  ]);
});

test("an app sleeps and wakes: each dyno is started once however many wait, or all are told that it crashed", async (t) => {
  const web = await dyno("drowsy", { app: "drowsy" });
  const worker = await dyno("drowsy-w", { app: "drowsy", dyno: "worker.1" });
  assert.equal((await router.put("drowsy", [web])).status, 200);
  const { manager } = ground;
  await until("it is up", async () => (await manager.list("drowsy")).every(({ state }) => state === "up"));
  assert.equal(await manager.sleep.sleep("drowsy", 3600), false, "it was just deployed");
  const asleep = async () => {
    assert.equal(await manager.sleep.sleep("drowsy"), true);
    await until(
      "all have ended",
      async () => manager.watcher.running(web).length + manager.watcher.running(worker).length === 0,
    );
  };
  await asleep();
  assert.deepEqual([await ground.replicas(web), await ground.replicas(worker)], [0, 0]);
  assert.deepEqual(
    (await manager.list("drowsy")).map(({ state }) => state),
    ["idle", "idle"],
  );

  const starts: string[] = [];
  using _starts = manager.watcher.on(({ kind, dyno: { app, dyno } }) => {
    if (app === "drowsy" && kind === "started") starts.push(dyno);
  });
  const started = performance.now();
  const first = router.get("drowsy.localhost").then((answer) => ({ ...answer, at: performance.now() - started }));
  const answers = await Promise.all([first, ...Array.from({ length: 99 }, () => router.get("drowsy.localhost"))]);
  assert.deepEqual([...new Set(answers.map(({ status, body }) => `${status} ${body}`))], ["200 v1"]);
  t.diagnostic(`woken, and 100 requests answered, in ${Math.round(performance.now() - started)} ms`);
  await until("the worker runs", async () => manager.watcher.running(worker).length === 1);
  assert.deepEqual(starts.sort(), ["web.1", "worker.1"], "each was started once");
  await until("it is up", async () => lines("drowsy", "web.1").at(-1) === "State changed from starting to up");
  assert.equal((await router.admin("GET", "/apps/drowsy")).body.mode, "awake");

  await asleep();
  await fail("drowsy", "broken");
  const waiting = await Promise.all([1, 2, 3].map(() => router.get("drowsy.localhost")));
  assert.deepEqual(
    waiting.map(({ status }) => status),
    [503, 503, 503],
  );
  await until("it is parked", async () => (await ground.replicas(web)) === 0);
  const woken = lines("drowsy", "web.1").slice(lines("drowsy", "web.1").lastIndexOf("Unidling"));
  const crashes = woken.filter((line) => line === "Process exited with status 3").length;
  assert.ok(crashes === 3 || crashes === 4, `${crashes} crashes; Swarm may have been quicker once`);
  assert.deepEqual(ground.warnings, []);
});
