import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { unlessMissing } from "../../../engine/providers/docker/client.ts";
import { findService } from "../../../lib/docker/service.ts";
import { containersOf, stopService } from "../../../provider/docker/containers.ts";
import { testImage } from "../../support/docker-image.ts";
import { until } from "../../support/until.ts";

const prefix = `dkp-${randomBytes(3).toString("hex")}`;
const docker = new Docker();
const { signal } = new AbortController();
let image = "";

before(async () => {
  image = await testImage();
});
after(async () => {
  for (const { ID } of await docker.listServices({ filters: { name: [prefix] } })) {
    await unlessMissing(docker.getService(ID).remove());
  }
  await until("Swarm has removed the containers", async () => {
    return (await docker.listContainers({ all: true, filters: { name: [prefix] } })).length === 0;
  });
});

/** A service of one replica in which that script runs. @param grace seconds between SIGTERM and SIGKILL */
async function service(name: string, command: readonly string[], grace: number): Promise<string> {
  await docker.createService({
    Name: `${prefix}-${name}`,
    EndpointSpec: { Mode: "dnsrr" },
    Mode: { Replicated: { Replicas: 1 } },
    TaskTemplate: {
      ContainerSpec: { Image: image, Command: [...command], StopGracePeriod: grace * 1e9 },
      RestartPolicy: { Condition: "any", Delay: 1e8 },
    },
  });
  return `${prefix}-${name}`;
}

async function seconds(work: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work;
  return (performance.now() - started) / 1000;
}

async function runs(name: string): Promise<boolean> {
  return (await containersOf(docker, name)).some(({ State }) => State === "running");
}

test("a dyno that is to go is asked to end at once, not after Swarm's three seconds", async () => {
  const name = await service("polite", ["sh", "-c", "trap 'exit 7' TERM; sleep 600 & wait"], 30);
  await until("it runs", () => runs(name));
  const taken = await seconds(stopService(docker, name, 60, signal));
  assert.equal(await runs(name), false);
  assert.equal((await findService(docker, name))?.replicas, 0);
  assert.ok(taken < 3, `it took ${taken} s`);
  await stopService(docker, name, 60, signal);
});

test("one that does not listen is killed when its time is over", async () => {
  const name = await service("deaf", ["sleep", "600"], 1);
  await until("it runs", () => runs(name));
  await stopService(docker, name, 60, signal);
  assert.equal(await runs(name), false);
  const [container] = await containersOf(docker, name);
  if (container) assert.match(container.Status, /Exited \(137\)/);
});

test("one that could not be started is not waited for, nor a service that is gone", async () => {
  const name = await service("broken", ["/no/such/program"], 30);
  await until("a start failed", async () => (await containersOf(docker, name)).length > 0);
  await stopService(docker, name, 30, signal);
  await docker.getService(name).remove();
  await stopService(docker, name, 1, signal);
});

test("a stop that is cancelled ends at once, and one that takes too long says so", async () => {
  const name = await service("endless", ["sleep", "600"], 600);
  await until("it runs", () => runs(name));
  await assert.rejects(stopService(docker, name, 0.2, signal), /still runs after 0\.2 seconds; see docker ps/);
  await assert.rejects(stopService(docker, name, 60, AbortSignal.timeout(100)), { name: "AbortError" });
  for (const { Id } of await containersOf(docker, name)) await unlessMissing(docker.getContainer(Id).kill());
});
