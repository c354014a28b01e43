import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import { type Load, type LoadResult, percentile, startLoad } from "../../support/load.ts";
import { type RouterGround, routerGround, until } from "./ground.ts";

let ground: RouterGround;
before(async () => {
  ground = await routerGround();
});
after(() => ground?.[Symbol.asyncDispose]());

/** 50 requests a second, one in twenty of which takes 2 s. */
function load(app: string, path = "/whoami"): Load {
  return startLoad({
    host: `${app}.localhost`,
    port: ground.port,
    rate: 50,
    path: (n) => (n % 20 === 7 ? "/slow" : path),
    isFromApp: ({ status }) => status === 200,
  });
}

function assertNoneLost(result: LoadResult, least = 20): void {
  assert.deepEqual(result.lost.slice(0, 5), [], `${result.lost.length} of ${result.sent} lost`);
  assert.ok(result.sent >= least, `only ${result.sent} requests`);
}

async function remove(service: string): Promise<void> {
  await ground.docker.getService(service).remove();
}

test("redeploys and 1 → 3 → 1 under load lose nothing, and old dynos can be stopped at once", async (context) => {
  let serving = await ground.dyno("deploy-v0", { version: "v0" });
  await ground.put("deploy", [serving]);
  await using traffic = load("deploy");
  for (const version of ["v1", "v2", "v3"]) {
    const next = await ground.dyno(`deploy-${version}`, { version, boot: 300 });
    const { status, body } = await ground.put("deploy", [next]);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body.left, {}, "every slow request had ended");
    // Killed and not stopped, so that a request still there would be lost.
    for (const container of await ground.containers(serving)) await container.kill();
    await remove(serving);
    serving = next;
    await traffic.seen((answer) => answer.startsWith(version));
  }

  const more = await Promise.all(
    ["a", "b"].map((letter) => ground.dyno(`deploy-v3${letter}`, { version: `v3${letter}` })),
  );
  assert.equal((await ground.put("deploy", [serving, ...more])).status, 200);
  await Promise.all(["v3 ", "v3a", "v3b"].map((start) => traffic.seen((answer) => answer.startsWith(start))));
  assert.equal((await ground.put("deploy", [serving])).status, 200);
  for (const service of more) await remove(service);
  await traffic.seen((answer) => answer.startsWith("v3 "));

  const result = await traffic.stop();
  assertNoneLost(result, 300);
  const quick = result.times.filter((ms) => ms < 2000);
  context.diagnostic(
    `${result.sent} requests, p50 ${percentile(quick, 0.5).toFixed(1)} ms, p99 ${percentile(quick, 0.99).toFixed(1)} ms`,
  );
});

test("a deployment of one app neither waits for WebSockets of another nor closes them", async () => {
  const [a, b] = await Promise.all([ground.dyno("apart-a0"), ground.dyno("apart-b")]);
  await ground.put("apart-a", [a]);
  await ground.put("apart-b", [b]);
  const sockets = Array.from({ length: 20 }, () => connect(ground.port, "127.0.0.1"));
  const heard = sockets.map(() => "");
  for (const [n, socket] of sockets.entries()) {
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      heard[n] += chunk;
    });
    socket.write(
      "GET /socket HTTP/1.1\r\nHost: apart-b.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    );
  }
  await until("all are open", async () => heard.every((text) => text.includes("101 Switching Protocols")));
  for (const version of ["v1", "v2"]) {
    const next = await ground.dyno(`apart-a-${version}`, { version });
    await until("it answers", async () => (await ground.put("probe", [next])).status === 200);
    const started = performance.now();
    const { status, body } = await ground.put("apart-a", [next], { drain: 60 });
    assert.deepEqual([status, body.left], [200, {}]);
    const took = performance.now() - started;
    assert.ok(took < 30_000, `${took} ms, and not the 60 seconds of its drain`);
  }
  for (const socket of sockets) socket.write("ping");
  await until("all echo", async () => heard.every((text) => text.endsWith("ping")));
  for (const socket of sockets) socket.destroy();
});

test("docker kill of the only dyno: requests wait for the new container, whose address the router finds", async (context) => {
  const service = await ground.dyno("only");
  await ground.put("only", [service]);
  const [old] = await ground.containers(service);
  const before = (await ground.get("only.localhost", "/whoami")).body;
  await using traffic = load("only");
  await traffic.seen((answer) => answer === before);
  const killed = performance.now();
  await old?.kill();
  await old?.wait();
  // Bodies wait with their requests: one that the router keeps, and one that it streams.
  const bodies = [1000, 3_000_000].map((length) =>
    ground.get("only.localhost", "/length", { method: "POST", body: "x".repeat(length) }),
  );
  await traffic.seen((answer) => answer !== "v1" && answer !== before);
  context.diagnostic(`served again after ${Math.round(performance.now() - killed)} ms`);
  assert.deepEqual(
    (await Promise.all(bodies)).map(({ body }) => body),
    ["1000 1000", "3000000 3000000"],
  );
  assertNoneLost(await traffic.stop());
});

test("docker kill of one of two dynos: the other takes its requests", async () => {
  const services = await Promise.all([ground.dyno("two-a"), ground.dyno("two-b")]);
  await ground.put("two", services);
  await using traffic = load("two");
  const [first] = await ground.containers(services[0] ?? "");
  const id = first?.id.slice(0, 12) ?? "";
  await traffic.seen((answer) => answer.includes(id));
  await first?.kill();
  await until(
    "the killed dyno's new container is there",
    async () => (await ground.containers(services[0] ?? "")).length > 0,
  );
  const [next] = await ground.containers(services[0] ?? "");
  await traffic.seen((answer) => answer.includes(next?.id.slice(0, 12) ?? ""));
  assertNoneLost(await traffic.stop());
});

test("new dynos that fail leave the old entry; the reason is told", async () => {
  const good = await ground.dyno("fail-good", { version: "good" });
  await ground.put("fail", [good]);
  const failing = [
    { mode: "500", reason: "status", status: 500 },
    { mode: "unbound", reason: "refused", status: undefined },
  ] as const;
  // Of a dyno whose container runs.
  const check = { type: "http", path: "/", timeout: 3 };
  const started = async (service: string) =>
    until("its container runs", async () => (await ground.containers(service)).length > 0);
  for (const { mode, reason, status } of failing) {
    const service = await ground.dyno(`fail-${mode}`, { mode });
    await started(service);
    const answer = await ground.put("fail", [service], { check });
    assert.equal(answer.status, 422);
    assert.deepEqual(
      { dyno: answer.body.dyno, reason: answer.body.reason, status: answer.body.status },
      { dyno: service, reason, status },
    );
    assert.equal((await ground.get("fail.localhost")).body, "good");
    await remove(service);
  }
  const nobody = await ground.put("fail", ["no-such-service"], { check });
  assert.equal(nobody.body.reason, "no_name");
  const slow = await ground.dyno("fail-slow", { boot: 60_000 });
  await started(slow);
  assert.equal((await ground.put("fail", [slow], { check })).body.reason, "no_answer");
  const tcp = await ground.put("fail", [slow], { check: { ...check, type: "tcp" } });
  assert.equal(tcp.status, 200, "tcp: a connection is enough");
});

test("a change that a later one overtook answers 409", async () => {
  const [first, slow] = await Promise.all([
    ground.dyno("turn-a", { version: "first" }),
    ground.dyno("turn-b", { mode: "500" }),
  ]);
  const overtaken = ground.put("turn", [slow]);
  await until("the first change has begun", async () => (await ground.containers(slow)).length > 0);
  const later = await ground.put("turn", [first]);
  assert.equal(later.status, 200, JSON.stringify(later.body));
  const { status, body } = await overtaken;
  assert.deepEqual([status, body.error], [409, "overtaken"]);
  assert.equal((await ground.get("turn.localhost")).body, "first");
  await remove(slow);
});

test("a change whose client left before the switch is withdrawn", async () => {
  const serving = await ground.dyno("left-a", { version: "serving" });
  await ground.put("left", [serving]);
  const unready = await ground.dyno("left-b", { version: "unready", boot: 1500 });
  const left = new AbortController();
  const leaving = ground.put("left", [unready], {}, left.signal);
  leaving.catch(() => {});
  await until("its container runs", async () => (await ground.containers(unready)).length > 0);
  left.abort();
  await assert.rejects(leaving);
  const ready = await ground.put("other", [unready]);
  assert.equal(ready.status, 200, "by now the change would have been made");
  assert.equal((await ground.get("left.localhost")).body, "serving");
});

test("kill -9 of nginx' workers and of the container: served again, with the same table and true counters", async (context) => {
  const service = await ground.dyno("kill");
  await ground.put("kill", [service]);
  const table = (await ground.admin("GET", "/apps")).body;

  const hanging = ground.get("kill.localhost", "/slow").catch(() => {});
  await signalWorkers();
  await hanging;
  await until("served after the workers were killed", async () => (await ground.get("kill.localhost")).body === "v1");
  const next = await ground.dyno("kill-2", { version: "v2" });
  const { body } = await ground.put("kill", [next], { drain: 5 });
  assert.deepEqual(body.left, {}, "requests that died with their worker are not waited for");
  assert.equal((await ground.put("kill", [service])).status, 200);

  for (const what of ["kill", "restart"] as const) {
    const { State } = await ground.router.inspect();
    const started = performance.now();
    if (what === "kill") process.kill(State.Pid, "SIGKILL");
    else await ground.router.restart();
    await until(`served after ${what}`, async () => {
      const { State: now } = await ground.router.inspect();
      return now.Pid !== State.Pid && (await ground.get("kill.localhost")).body === "v1";
    });
    context.diagnostic(`served ${Math.round(performance.now() - started)} ms after ${what}`);
  }
  const again = (await ground.admin("GET", "/apps")).body;
  const names = (entries: { app: string; dynos: unknown }[]) => entries.map(({ app, dynos }) => ({ app, dynos }));
  assert.deepEqual(names(again), names(table));
});

/** SIGKILL to every worker of the router, from the host. */
async function signalWorkers(): Promise<void> {
  const { Titles, Processes } = await ground.router.top({ ps_args: "-eo pid,args" });
  const pid = Titles.indexOf("PID");
  for (const row of Processes)
    if (row.some((cell: string) => cell.includes("worker process"))) process.kill(Number(row[pid]), "SIGKILL");
}
