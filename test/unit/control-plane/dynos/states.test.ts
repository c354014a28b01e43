import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { until } from "../../../support/until.ts";
import { ADDRESS } from "./fake-docker.ts";
import { Ground, labels, PLATFORM, settle } from "./fakes.ts";

let ground: Ground;
afterEach(() => ground?.stop());

const stateOf = async (dyno: string) => (await ground.manager.list("shop")).find((other) => other.dyno === dyno)?.state;
const untilUp = () =>
  until(
    "web.1 is up",
    async () => ground.log.all.at(-1)?.endsWith("heroku[web.1]: State changed from starting to up") ?? false,
  );

test("what ran before is up, and nothing is said of it", async () => {
  ground = new Ground();
  ground.docker.service("web", labels("shop", "web.1"));
  ground.docker.service("worker", labels("shop", "worker.1"));
  ground.router.put("shop", "web");
  ground.now += 3_600_000;
  await ground.start();
  assert.deepEqual(ground.log.take(), []);
  assert.deepEqual(
    (await ground.manager.list("shop")).map(({ dyno, state, since }) => [dyno, state, ground.now - since]),
    [
      ["web.1", "up", 3_600_000],
      ["worker.1", "up", 3_600_000],
    ],
  );
});

test("a dyno that is deployed is up when the router's table has it; its predecessor goes down", async () => {
  ground = await new Ground().start();
  ground.docker.service("web-a", labels("shop", "web.1"));
  await settle();
  assert.deepEqual(ground.log.take(), ["heroku[web.1]: Starting process with command `run me`"]);
  assert.equal(await stateOf("web.1"), "starting");
  ground.router.put("shop", "web-a");
  await untilUp();
  assert.deepEqual(ground.log.take(), ["heroku[web.1]: State changed from starting to up"]);
  assert.equal(await stateOf("web.1"), "up");

  ground.docker.service("web-b", labels("shop", "web.1"));
  ground.router.put("shop", "web-b");
  await settle();
  ground.docker.removeService("web-a");
  await settle();
  assert.deepEqual(ground.log.take(), [
    "heroku[web.1]: Starting process with command `run me`",
    "heroku[web.1]: State changed from starting to up",
    "heroku[web.1]: State changed from up to down",
    "heroku[web.1]: Stopping all processes with SIGTERM",
    "heroku[web.1]: Process exited with status 143",
  ]);
  assert.deepEqual(
    (await ground.manager.list("shop")).map(({ service, state }) => [service, state]),
    [["web-b", "up"]],
  );
});

test("a crash, memory, and an exit that takes too long", async () => {
  ground = await new Ground().start();
  ground.docker.service("web", labels("shop", "web.1"));
  ground.router.put("shop", "web");
  await untilUp();
  ground.log.take();
  ground.docker.crash("web", 3);
  await settle();
  assert.deepEqual(ground.log.take(), [
    "heroku[web.1]: Process exited with status 3",
    "heroku[web.1]: State changed from up to crashed",
    "heroku[web.1]: State changed from crashed to starting",
    "heroku[web.1]: Starting process with command `run me`",
    "heroku[web.1]: State changed from starting to up",
  ]);

  const { id = "" } = ground.docker.running("web") ?? {};
  ground.docker.restarts = false;
  ground.docker.end(id, 137, [], true);
  await settle();
  assert.deepEqual(ground.log.take(), [
    "heroku[web.1]: Error R14 (Memory quota exceeded)",
    "heroku[web.1]: Process exited with status 137",
    "heroku[web.1]: State changed from up to crashed",
  ]);

  const refused = Object.assign(new Error("refused"), { error: "probe", probe: { reason: "refused" } });
  ground.router.answers = async () => {
    throw refused;
  };
  await ground.later(60);
  const slow = ground.docker.run({ ...labels("shop", "web.1"), "com.docker.swarm.service.name": "web" });
  await settle();
  ground.docker.end(slow, 137, [15, 9]);
  await settle();
  assert.deepEqual(ground.log.take(), [
    "heroku[web.1]: State changed from crashed to starting",
    "heroku[web.1]: Starting process with command `run me`",
    "heroku[web.1]: State changed from starting to down",
    "heroku[web.1]: Stopping all processes with SIGTERM",
    "heroku[web.1]: Error R12 (Exit timeout) -> At least one process failed to exit within 30 seconds of SIGTERM",
    "heroku[web.1]: Stopping remaining processes with SIGKILL",
    "heroku[web.1]: Process exited with status 137",
  ]);
});

test("R10 is for what never listened, and SIGKILL for what no up is proving", async () => {
  ground = await new Ground({ bootTimeout: 0.05 }).start();
  const silent = () => ground.docker.service("new", labels("shop", "web.1"));
  const r10 =
    "heroku[web.1]: Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 0.05 seconds of launch";
  silent();
  await until("its time is over", async () => ground.log.all.some((line) => line.includes("R10")));
  await settle();
  assert.deepEqual(ground.log.take(), ["heroku[web.1]: Starting process with command `run me`", r10]);
  assert.ok(ground.docker.running("new"), "it is that up's to stop");
  ground.docker.removeService("new");
  await settle();
  ground.log.take();

  const refused = Object.assign(new Error("refused"), { error: "probe", probe: { reason: "refused" } });
  ground.router.answers = () => Promise.reject(refused);
  ground.docker.restarts = false;
  ground.router.put("shop", "new");
  silent();
  await until("it is killed", async () => ground.docker.running("new") === undefined);
  await settle();
  assert.deepEqual(ground.log.take().slice(0, 3), [
    "heroku[web.1]: State changed from down to starting",
    "heroku[web.1]: Starting process with command `run me`",
    r10,
  ]);
});

test("a one-off dyno starts, is up, and is complete", async () => {
  ground = await new Ground().start();
  const id = ground.docker.run(labels("shop", "run.1234"));
  await settle();
  assert.deepEqual(
    (await ground.manager.list("shop")).map(({ dyno, type, state }) => [dyno, type, state]),
    [["run.1234", "run", "up"]],
  );
  ground.docker.end(id, 0);
  await settle();
  assert.deepEqual(ground.log.take(), [
    "heroku[run.1234]: Starting process with command `run me`",
    "heroku[run.1234]: State changed from starting to up",
    "heroku[run.1234]: Process exited with status 0",
    "heroku[run.1234]: State changed from up to complete",
  ]);
  assert.deepEqual(await ground.manager.list("shop"), []);
});

test("Docker goes down and comes back: what ended and began meanwhile is found, and is no crash", async () => {
  ground = new Ground();
  ground.docker.service("web", labels("shop", "web.1"));
  ground.router.put("shop", "web");
  ground.now += 100_000;
  await ground.start();
  const seen: string[] = [];
  ground.manager.watcher.on(({ kind, dyno, live }) => seen.push(`${kind} ${dyno.container.slice(0, 8)} ${live}`));
  ground.docker.setDown(true);
  await settle();
  assert.equal(ground.manager.watcher.connected, false);
  ground.docker.crash("web", 255);
  ground.docker.run({ ...labels("shop", "run.7"), "dynoform.platform": PLATFORM });
  ground.docker.setDown(false);
  await untilUp();
  assert.deepEqual(seen, ["ended 00000001 false", "found 00000002 false", "found 00000003 false"]);
  assert.deepEqual(ground.log.take(), [
    "heroku[web.1]: Process exited with status 255",
    "heroku[web.1]: State changed from up to down",
    "heroku[web.1]: State changed from down to starting",
    "heroku[web.1]: Starting process with command `run me`",
    "heroku[run.7]: Starting process with command `run me`",
    "heroku[run.7]: State changed from starting to up",
    "heroku[web.1]: State changed from starting to up",
  ]);
  assert.equal(ground.docker.running("web")?.id, "00000002cafe");
});

test("where a dyno is, is told while it runs, was not asked to end, and Docker can be asked", async () => {
  ground = await new Ground().start();
  const { docker } = ground;
  const { manager } = ground;
  assert.equal(manager.addressOf("web"), undefined);
  docker.service("web", labels("shop", "web.1"));
  await settle();
  assert.equal(manager.addressOf("web"), ADDRESS);
  docker.terminate(docker.running("web")?.id ?? "");
  await settle();
  assert.equal(manager.addressOf("web"), undefined);
  docker.crash("web");
  await settle();
  docker.run({ ...labels("shop", "web.1"), "com.docker.swarm.service.name": "web" });
  await settle();
  assert.equal(manager.addressOf("web"), ADDRESS);
  docker.setDown(true);
  await settle();
  assert.equal(manager.addressOf("web"), undefined);
});
