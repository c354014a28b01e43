import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { monthOf } from "../../../services/control-plane/hours/month.ts";
import { TEST_IMAGE, testImage } from "../../support/docker-image.ts";
import { type OwnDocker, ownDocker } from "../../support/own-docker.ts";
import { until } from "../../support/until.ts";
import { type DynoGround, dynoGround } from "./ground.ts";

let engine: OwnDocker;
let ground: DynoGround;
before(async () => {
  engine = await ownDocker();
  await testImage();
  await engine.load([TEST_IMAGE]);
  ground = await dynoGround({ docker: engine.docker, image: TEST_IMAGE });
});
after(async () => {
  await ground?.[Symbol.asyncDispose]();
  await engine?.[Symbol.asyncDispose]();
});

const said = (text: string) => ground.log.all.some((line) => line.includes(text));

test("what is out of memory, and what does not end after SIGTERM, are told apart from what is stopped", async () => {
  await ground.service("hog", ["busybox", "tail", "/dev/zero"], { dyno: "hog.1", memory: 16 * 1024 ** 2 });
  await until("the memory is used up", async () => said("heroku[hog.1]: Error R14 (Memory quota exceeded)"));
  await until("it has ended", async () => said("heroku[hog.1]: Process exited with status 137"));
  assert.ok(said("heroku[hog.1]: State changed from up to crashed"));
  await engine.docker.getService(`${ground.name}-hog`).remove();

  const script = "trap '' TERM; while :; do sleep 0.1; done";
  const stubborn = await ground.service("stubborn", ["sh", "-c", script], { dyno: "stubborn.1", grace: 1 });
  await until("it runs", async () => said("heroku[stubborn.1]: State changed from starting to up"));
  await ground.manager.services.scale(stubborn, 0);
  await until("it has ended", async () => said("heroku[stubborn.1]: Process exited with status 137"));
  assert.deepEqual(
    ground.log.all.filter((line) => line.includes("[stubborn.1]")).map((line) => line.replace(/^.*?: /, "")),
    [
      `Starting process with command \`-c ${script}\``,
      "State changed from starting to up",
      "State changed from up to down",
      "Stopping all processes with SIGTERM",
      "Error R12 (Exit timeout) -> At least one process failed to exit within 30 seconds of SIGTERM",
      "Stopping remaining processes with SIGKILL",
      "Process exited with status 137",
    ],
  );
});

test("dockerd is killed and the control plane restarted: no run is missed, and each is counted to the second", async (t) => {
  const folder = join(ground.directory, "ticks");
  await mkdir(folder);
  // Each container writes down itself when it runs.
  const script = "while :; do cat /proc/uptime >> /ticks/$HOSTNAME; sleep 0.1; done";
  const mounts = [{ Type: "bind" as const, Source: folder, Target: "/ticks" }];
  const service = await ground.service("ticker", ["sh", "-c", script], { dyno: "ticker.1", size: "eco", mounts });
  const running = () => ground.manager.watcher.running(service)[0]?.container;
  await until("the dyno runs", async () => running() !== undefined);
  const oneOff = await engine.docker.createContainer({
    Image: TEST_IMAGE,
    Labels: ground.labels({ dyno: "run.1", size: "eco" }),
    Entrypoint: ["sh", "-c", script],
    HostConfig: { Binds: [`${folder}:/ticks`] },
  });
  await oneOff.start();
  await until("the one-off dyno runs", async () => said("heroku[run.1]: State changed from starting to up"));

  const first = running();
  await engine.kill();
  await until("Docker was seen to be gone", async () => !ground.manager.watcher.connected);
  await engine.start();
  await until("another container runs", async () => running() !== undefined && running() !== first);
  const second = running();
  assert.ok(
    !ground.log.all.some((line) => /\[ticker\.1\].*crashed/.test(line)),
    "Docker's end is no crash of the dyno",
  );

  ground.manager.stop();
  await engine.docker.getContainer(second ?? "").kill();
  await until("Swarm has started it again", async () => (await readdir(folder)).length === 4);
  await ground.restart();
  assert.notEqual(running(), second);
  await ground.manager.services.scale(service, 0);
  await until("all have ended", async () => ground.manager.watcher.running().every(({ size }) => size !== "eco"));

  const expected: Record<string, number> = {};
  for (const file of await readdir(folder)) {
    const ticks = (await readFile(join(folder, file), "utf8")).trim().split("\n").map(Number.parseFloat);
    const type = oneOff.id.startsWith(file) ? "run" : "ticker";
    expected[type] = (expected[type] ?? 0) + (ticks.at(-1) ?? 0) - (ticks[0] ?? 0);
  }
  const usage = ground.manager.ledger.usage(monthOf(Date.now())).filter(({ size }) => size === "eco");
  assert.deepEqual(usage.map(({ type }) => type).sort(), ["run", "ticker"]);
  for (const { type, seconds } of usage) {
    t.diagnostic(`${type}: ${seconds.toFixed(2)} s counted, ${expected[type]?.toFixed(2)} s by its own clock`);
    const runs = type === "run" ? 1 : 3;
    assert.ok(Math.abs(seconds - (expected[type] ?? 0)) < runs, `${type}: ${seconds}, not ${expected[type]}`);
  }
});

test("the platform's containers that Docker has left down are started, and no others", async () => {
  const make = async (name: string, policy: string, more: Record<string, string> = {}) => {
    const container = await engine.docker.createContainer({
      Image: TEST_IMAGE,
      name: `${ground.name}-${name}`,
      Labels: { "dynoform.platform": ground.name, ...more },
      Cmd: ["sleep", "3600"],
      HostConfig: { RestartPolicy: { Name: policy } },
    });
    await container.start();
    await container.kill();
    return container;
  };
  const router = await make("router", "always");
  const once = await make("once", "no");
  const other = await make("other", "always", { "dynoform.platform": "another" });
  const runs = async (container: typeof router) => (await container.inspect()).State.Running;
  await until("the router runs", () => runs(router));
  assert.deepEqual([await runs(once), await runs(other)], [false, false]);
  assert.match(
    ground.warnings.at(-1) ?? "",
    /-router was down, and Docker had not started it again; it is started now/,
  );
  for (const container of [router, once, other]) await container.remove({ force: true });
});
