import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startLoad } from "../../support/load.ts";
import { type RouterGround, routerGround, until } from "./ground.ts";

let ground: RouterGround;
before(async () => {
  ground = await routerGround();
});
after(() => ground?.[Symbol.asyncDispose]());

/**
 * A control plane that starts an app's services when it is asked to, and remembers what it was asked to start.
 *
 * @param addresses where it says that dynos are, by their services
 */
async function controlPlane(
  services: Readonly<Record<string, readonly string[]>>,
  { answer, addresses = {} }: { answer?: () => Promise<void>; addresses?: Record<string, string> } = {},
) {
  const path = join(ground.directory, "control.sock");
  const asked: string[] = [];
  const server: Server = createServer(async (request, response) => {
    const [, dyno] = /^\/dynos\/(.*)\/address$/.exec(request.url ?? "") ?? [];
    if (dyno !== undefined) {
      const address = addresses[dyno];
      response.writeHead(address === undefined ? 404 : 200).end(address);
      return;
    }
    asked.push(`${request.method} ${request.url}`);
    await answer?.();
    const app = request.url?.replace("/wake/", "") ?? "";
    for (const service of services[app] ?? []) await ground.scale(service, 1);
    response.writeHead(202).end();
  });
  await rm(path, { force: true });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(path, { force: true });
    },
  };
}

const mode = (app: string, to: string, more = {}) => ground.admin("POST", `/apps/${app}/mode`, { mode: to, ...more });

async function putToSleep(app: string, services: readonly string[]): Promise<void> {
  assert.equal((await mode(app, "asleep")).status, 200);
  for (const service of services) await ground.scale(service, 0);
}

async function gone(services: readonly string[]): Promise<void> {
  for (const service of services)
    await until(`${service} is gone`, async () => (await ground.containers(service)).length === 0);
}

test("100 requests at once: the control plane is asked once, each dyno starts once, all are answered", async (context) => {
  const services = [await ground.dyno("hundred-1"), await ground.dyno("hundred-2", { version: "v2" })];
  await ground.put("hundred", services);
  await putToSleep("hundred", services);
  await gone(services);
  await using control = await controlPlane({ hundred: services });

  const since = Date.now();
  const started = performance.now();
  const answers = await Promise.all(Array.from({ length: 100 }, () => ground.get("hundred.localhost", "/whoami")));
  context.diagnostic(`100 answered ${Math.round(performance.now() - started)} ms after they came`);
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.deepEqual(control.asked, ["POST /wake/hundred"]);
  await until("the other dyno serves too", async () =>
    (await ground.get("hundred.localhost", "/whoami")).body.startsWith("v2"),
  );
  assert.deepEqual(await startsOf(services, since), [1, 1]);

  assert.equal((await mode("hundred", "awake")).status, 200);
  assert.equal((await ground.admin("GET", "/apps/hundred")).body.mode, "awake");
  assert.ok((await ground.admin("GET", "/activity")).body.hundred.requests >= 101);
});

/** How often containers of the services were started since a time in ms. */
async function startsOf(services: readonly string[], since: number): Promise<number[]> {
  return Promise.all(
    services.map(async (service) => {
      const filters = JSON.stringify({ event: ["start"], label: [`com.docker.swarm.service.name=${service}`] });
      const between = { since: Math.floor(since / 1000), until: Math.floor(Date.now() / 1000) + 1 };
      const events = await ground.docker.getEvents({ ...between, filters });
      let text = "";
      for await (const chunk of events) text += chunk;
      return text.split("\n").filter((line) => line.trim() !== "").length;
    }),
  );
}

test("without a control plane: 503 with Retry-After and no wait; the next request after it came is served", async () => {
  const service = await ground.dyno("alone");
  await ground.put("alone", [service]);
  await putToSleep("alone", [service]);
  await gone([service]);
  const refused = async () => {
    const started = performance.now();
    const { status, headers, body } = await ground.get("alone.localhost");
    assert.equal(status, 503);
    assert.equal(headers["retry-after"], "5");
    assert.match(body, /This app is asleep and cannot be woken just now/);
    const took = performance.now() - started;
    assert.ok(took < 10_000, `${took} ms, and not the 60 s that requests are held`);
  };
  await refused();
  assert.equal((await ground.logged("alone", "/"))[0]?.code, "H99");
  {
    const hanging = Promise.withResolvers<void>();
    await using _control = await controlPlane({}, { answer: () => hanging.promise });
    await sleep(600);
    await refused();
    hanging.resolve();
  }
  await using control = await controlPlane({ alone: [service] });
  await until("served", async () => (await ground.get("alone.localhost")).body === "v1");
  assert.deepEqual(control.asked, ["POST /wake/alone"]);
});

test("only an idle app is put to sleep; its last requests end; nobody meets the dyno that goes", async () => {
  const service = await ground.dyno("idle");
  await ground.put("idle", [service]);
  await using control = await controlPlane({ idle: [service] });
  assert.equal((await mode("idle", "asleep", { ifIdle: 30 })).status, 409);
  await sleep(1100);
  const slow = ground.get("idle.localhost", "/drip?seconds=5");
  await until("it is in flight", async () => (await ground.admin("GET", "/activity")).body.idle.inflight === 1);
  await sleep(1100);
  const { status, body } = await mode("idle", "asleep", { ifIdle: 1 });
  assert.deepEqual([status, body.error], [409, "busy"]);
  assert.deepEqual((await mode("idle", "asleep")).body.left, {});
  assert.match((await slow).body, /^\.+$/);

  // At once, while the old container is on its way out: slow requests would be lost in it.
  await ground.scale(service, 0);
  await using traffic = startLoad({
    host: "idle.localhost",
    port: ground.port,
    rate: 20,
    path: (n) => (n % 10 === 5 ? "/slow" : "/whoami"),
    isFromApp: (answer) => answer.status === 200,
  });
  await traffic.seen((answer) => answer.startsWith("v1 "));
  const result = await traffic.stop();
  assert.deepEqual(result.lost.slice(0, 3), []);
  assert.deepEqual(control.asked, ["POST /wake/idle"]);
  assert.equal((await mode("nobody", "asleep")).status, 404);
  assert.equal((await mode("idle", "dozing")).status, 400);
});

test("an app that boots for longer than it may be idle is not put to sleep while somebody waits for it", async () => {
  const service = await ground.dyno("slow", { boot: 5000 });
  await ground.put("slow", [service]);
  await putToSleep("slow", [service]);
  await gone([service]);
  await using control = await controlPlane({ slow: [service] });
  const waiting = ground.get("slow.localhost");
  await until("it is being woken", async () => (await ground.containers(service)).length === 1);
  assert.equal((await mode("slow", "awake")).status, 200);
  await sleep(1500);
  assert.equal((await mode("slow", "asleep", { ifIdle: 1 })).status, 409);
  assert.equal((await waiting).body, "v1");
  assert.equal(control.asked.length, 1);
});

test("asleep through a kill of the router; a client that leaves does not end the wake; a deployment wakes", async () => {
  const service = await ground.dyno("kept");
  await ground.put("kept", [service]);
  await putToSleep("kept", [service]);
  const { State } = await ground.router.inspect();
  process.kill(State.Pid, "SIGKILL");
  await until("the router is back", async () => {
    const { State: now } = await ground.router.inspect();
    return now.Pid !== State.Pid && (await ground.admin("GET", "/health")).status === 200;
  });
  assert.equal((await ground.admin("GET", "/apps/kept")).body.mode, "asleep");
  await gone([service]);

  await using control = await controlPlane({ kept: [service] });
  await assert.rejects(
    ground.get("kept.localhost", "/left", { timeout: 100 }),
    /no answer/,
    "it leaves before the dyno is there",
  );
  assert.equal((await ground.logged("kept", "/left"))[0]?.code, "H27");
  await until("the dyno was started all the same", async () => (await ground.containers(service)).length === 1);
  assert.equal((await ground.get("kept.localhost")).body, "v1");
  assert.equal(control.asked.length, 1);

  await putToSleep("kept", [service]);
  await gone([service]);
  const deployed = ground.put("kept", [service]);
  await ground.scale(service, 1);
  const { status, body } = await deployed;
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal((await ground.admin("GET", "/apps/kept")).body.mode, "awake");
  assert.equal((await ground.get("kept.localhost")).body, "v1");
});

test("a dyno whose name is late is found where the control plane says, and no longer than it says so", async () => {
  const named = await ground.dyno("named");
  let address = "";
  await until("its container runs", async () => {
    const [container] = await ground.containers(named);
    const { NetworkSettings } = (await container?.inspect()) ?? {};
    address = NetworkSettings?.Networks[ground.name]?.IPAddress ?? "";
    return address !== "";
  });
  const addresses: Record<string, string> = { "without-a-name": address };
  await using _control = await controlPlane({}, { addresses });
  const { status, body } = await ground.put("late", ["without-a-name"]);
  assert.equal(status, 200, JSON.stringify(body));
  for (let n = 0; n < 50; n++) assert.equal((await ground.get("late.localhost")).body, "v1");
  assert.equal((await ground.admin("GET", "/dynos/without-a-name")).body.bound, true);

  delete addresses["without-a-name"];
  await until("it gets no more requests", async () => {
    await ground.admin("POST", "/apps/late/crashed", { crashed: true });
    return (await ground.get("late.localhost")).status === 503;
  });
  addresses["without-a-name"] = address;
  await until("it is found again", async () => (await ground.get("late.localhost")).status === 200);
});
