import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { Logs } from "../../../services/control-plane/logs/logs.ts";
import { openStore } from "../../../services/control-plane/store.ts";
import { until } from "../../support/until.ts";
import { routerGround } from "../router/ground.ts";
import { APP, dynoLogsGround, NUMBERS, numbers, quiet, range } from "./ground.ts";

test("a dyno that logs without end is cut down, and told so; the others lose nothing", async (t) => {
  await using ground = await dynoLogsGround();
  const { tailed } = ground;
  // A small burst: what comes after it is what counts.
  await ground.watch({ limits: { lines: 1000, bytes: 1_000_000, burstLines: 5000, burstBytes: 5_000_000 } });
  const flood = `
    my ($end, $n) = (time + 4, 0);
    while (time < $end) { print "flood ", "z" x 90, "\\n" for 1 .. 100; $n += 100 }
    print "the last line of $n\\n"`;
  const memory = process.memoryUsage().rss;
  const cpu = process.cpuUsage();
  await ground.start(flood, [], { dyno: "web.1", cpus: 0.5 });
  await ground.start(NUMBERS, [1, 400, 0.01, 1], { dyno: "web.2" });
  const written = () =>
    Number(
      tailed
        .findLast(({ line }) => line.text.startsWith("the last"))
        ?.line.text.split(" ")
        .at(-1),
    );
  await until("the end of the flood", async () => written() > 0);
  await until(
    "the other dyno's lines",
    async () =>
      numbers(
        tailed.map(({ line }) => line),
        "web.2",
      ).length === 400,
  );
  const { user, system } = process.cpuUsage(cpu);
  const lines = tailed.map(({ line }) => line);
  assert.deepEqual(numbers(lines, "web.2"), range(1, 400));
  const notices = lines.filter(({ text }) => text.startsWith("Error L10"));
  assert.ok(notices.length >= 2);
  for (const { source, process, text } of notices) {
    assert.equal(`${source}[${process}]`, "heroku[web.1]");
    assert.match(
      text,
      /^Error L10 \(output buffer overflow\): \d+ messages dropped since \d{4}-\d\d-\d\dT[\d:]{8}\+00:00\.$/,
    );
  }
  const shown = lines.filter(({ text }) => text.startsWith("flood")).length;
  const dropped = notices.reduce((sum, { text }) => sum + Number(text.match(/: (\d+) /)?.[1]), 0);
  assert.ok(shown < 20_000, `${shown} lines`);
  // How many were passed over is an estimate.
  const estimate = (shown + dropped) / written();
  assert.ok(estimate > 0.2 && estimate < 5, `${dropped} dropped, ${shown} shown, ${written()} written`);
  const others = tailed.filter(({ line }) => line.process === "web.2").map(({ latency }) => latency);
  t.diagnostic(
    `${shown} lines of the flood's ${written()} shown, ${dropped} said to be dropped; the other dyno's took ${Math.max(...others).toFixed(0)} ms at most; ` +
      `${((user + system) / 1e6).toFixed(1)} s of a processor, ${((process.memoryUsage().rss - memory) / 1e6).toFixed(0)} MB`,
  );
});

test("nothing is lost or repeated while Docker cannot be reached", async () => {
  await using proxy = await dockerProxy();
  await using ground = await dynoLogsGround();
  const { tailed } = ground;
  await ground.watch({ docker: new Docker({ socketPath: proxy.path }) });
  const container = await ground.start(NUMBERS, [1, 300, 0.01, 1]);
  await until("the first lines", async () => tailed.length > 10);
  for (let outage = 0; outage < 3; outage++) {
    await proxy.stop();
    await sleep(300);
    await proxy.start();
    await sleep(200);
  }
  await container.wait();
  await until("the last line", async () => tailed.at(-1)?.line.text.startsWith("300 ") ?? false);
  await quiet(tailed);
  assert.deepEqual(numbers(tailed.map(({ line }) => line)), range(1, 300));
});

test("the lines of requests are those that the router writes", async () => {
  await using router = await routerGround();
  const folder = dirname(router.socket);
  const db = openStore(":memory:");
  const requests = join(folder, "log/requests");
  const logs = new Logs({ docker: router.docker, db, clock: Date.now, requests });
  logs.start();
  try {
    const service = await router.dyno("a");
    const { status } = await router.put(APP, [service], { dynos: [{ name: service, port: 5000, dyno: "web.1" }] });
    assert.equal(status, 200);
    const latencies: number[] = [];
    logs.tail(APP, { dyno: "router" }, ({ time }) => latencies.push(Date.now() - time / 1000));
    assert.equal((await router.get(`${APP}.localhost`, '/some"path?x=1')).status, 200);
    await router.put(APP, []);
    assert.equal((await router.get(`${APP}.localhost`, "/none")).status, 503);
    await until("both lines", async () => latencies.length === 2);
    const [served, failed] = logs.read(APP).map(({ text }) => text);
    assert.match(
      served ?? "",
      /^at=info method=GET path="\/some\S*path\?x=1" host=hello\.localhost\S* request_id=[\w-]{36} fwd="[\d.]+" dyno=web\.1 connect=\d+ms service=\d+ms status=200 bytes=\d+ protocol=http$/,
    );
    assert.match(
      failed ?? "",
      /^at=error code=H14 desc="No web processes running" method=GET path="\/none" host=hello\.localhost\S* request_id=[\w-]{36} fwd="[\d.]+" dyno= connect= service= status=503 bytes= protocol=http$/,
    );
  } finally {
    await logs.stop();
    db.close();
  }
});

/** A way to the machine's Docker that can be shut. */
async function dockerProxy() {
  const folder = await mkdtemp(join(tmpdir(), "docker-proxy-"));
  const path = join(folder, "docker.sock");
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const docker = connect("/var/run/docker.sock");
    for (const [socket, other] of [
      [client, docker],
      [docker, client],
    ] as const) {
      sockets.add(socket);
      socket
        .on("error", () => {})
        .on("close", () => {
          sockets.delete(socket);
          other.destroy();
        });
      socket.pipe(other);
    }
  });
  const start = () => once(server.listen(path), "listening");
  const stop = async () => {
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await start();
  return {
    path,
    start,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
