import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { unlessMissing } from "../../../engine/providers/docker/client.ts";
import { createProvider } from "../../../engine/providers/docker/index.ts";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import { testImage } from "../../support/docker-image.ts";
import { freePort } from "../../support/free-port.ts";
import { type Driven, drive } from "../../support/provider-driver.ts";

const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const CONTAINER = "docker:index/container:Container";
const SERVICE = "docker:index/service:Service";

const prefix = `dkp-${randomBytes(3).toString("hex")}`;
const docker = new Docker();
const provider = createProvider();
const driver = drive(provider);
/** Ends on SIGTERM, which the first process of a container otherwise ignores. */
const command = ["sh", "-c", "trap exit TERM; sleep 600 & wait"];
let image = "";

before(async () => {
  image = await testImage();
});

/** Whatever a failed test left. */
after(async () => {
  const removed = /already in progress/;
  const mine = { filters: { name: [prefix] } };
  for (const { ID } of await docker.listServices(mine)) await unlessMissing(docker.getService(ID).remove());
  for (const { Id } of await docker.listContainers({ all: true, ...mine })) {
    await unlessMissing(docker.getContainer(Id).remove({ force: true, v: true })).catch((error) => {
      if (!removed.test(String(error))) throw error;
    });
  }
  for (const { Id } of await docker.listNetworks(mine)) await unlessMissing(docker.getNetwork(Id).remove());
  for (const { Name } of (await docker.listVolumes(mine)).Volumes ?? [])
    await unlessMissing(docker.getVolume(Name).remove());
});

async function kinds(state: Driven, program: PropertyMap): Promise<Record<string, string>> {
  const { detailedDiff = {} } = await driver.diff(state, program);
  return Object.fromEntries(Object.entries(detailedDiff).map(([path, { kind }]) => [path, kind]));
}

test("a network: never two of one name, replaced by deleting first, seen when it is gone", async () => {
  const program = {
    name: `${prefix}-net`,
    labels: [{ label: "a", value: "1" }],
    options: { "com.docker.network.bridge.enable_icc": "false" },
  };
  const made = await driver.create(NETWORK, "net", program);
  await assert.rejects(
    driver.create(NETWORK, "again", program),
    /there is a network named ".*" already \(.*\); remove it/,
  );
  const plan = await driver.diff(made, { ...program, labels: [{ label: "a", value: "2" }] });
  assert.deepEqual(plan.replaces, ["labels"]);
  assert.equal(plan.deleteBeforeReplace, true);
  assert.equal((await driver.recover(NETWORK, "net", program))?.id, made.id);
  await driver.remove(made);
  await driver.remove(made);
  assert.equal(await driver.refresh(made), undefined);
  assert.equal(await driver.recover(NETWORK, "net", program), undefined);
});

test("a network and a volume in use are removed as soon as they are free", async () => {
  const net = await driver.create(NETWORK, "net", { name: `${prefix}-busy` });
  const vol = await driver.create(VOLUME, "vol", { name: `${prefix}-busy` });
  const user = await driver.create(CONTAINER, "user", {
    name: `${prefix}-busy`,
    image,
    command,
    networksAdvanced: [{ name: `${prefix}-busy` }],
    volumes: [{ volumeName: `${prefix}-busy`, containerPath: "/data" }],
  });
  const removals = Promise.all([driver.remove(net), driver.remove(vol)]);
  await driver.remove(user);
  await removals;
  assert.equal(await driver.refresh(net), undefined);
  assert.equal(await driver.refresh(vol), undefined);
});

test("a volume that is there already is taken over", async () => {
  const program = { name: `${prefix}-kept`, labels: [{ label: "a", value: "1" }] };
  const first = await driver.create(VOLUME, "vol", program);
  const second = await driver.create(VOLUME, "vol", program);
  assert.deepEqual(second, first);
  assert.deepEqual(await kinds(second, program), {});
  await driver.remove(first);
});

test("a container: updated in place, restarted when it was stopped, replaced for its environment", async () => {
  const external = await freePort();
  const program = {
    name: `${prefix}-c`,
    image,
    command,
    envs: ["A=1", "B=2"],
    memory: 64,
    memorySwap: 128,
    ports: [{ internal: 80, external, ip: "127.0.0.1" }],
    labels: [{ label: "z", value: "1" }],
    ulimits: [{ name: "nofile", soft: 512, hard: 1024 }],
    tmpfs: { "/scratch": "size=1m" },
  };
  const made = await driver.create(CONTAINER, "c", program);
  assert.deepEqual(await kinds(made, { ...program, envs: ["B=2", "A=1"] }), {});
  assert.deepEqual(await kinds(made, { ...program, envs: ["A=2", "B=2"] }), { "envs[0]": "update-replace" });
  const more = { ...program, memory: 96, memorySwap: 192, restart: "on-failure", maxRetryCount: 3 };
  assert.deepEqual(await kinds(made, more), {
    memory: "update",
    memorySwap: "update",
    restart: "update",
    maxRetryCount: "add",
  });
  const updated = await driver.update(made, more);
  assert.deepEqual(await kinds(updated, more), {});
  const { HostConfig } = await docker.getContainer(made.id).inspect();
  assert.equal(HostConfig.Memory, 96 * 1024 * 1024);
  assert.equal(HostConfig.RestartPolicy?.MaximumRetryCount, 3);

  await docker.getContainer(made.id).stop({ t: 0 });
  assert.deepEqual(await kinds(updated, more), {}, "an up does not look");
  const stopped = await driver.refresh(updated);
  assert.ok(stopped);
  assert.equal(stopped.outputs.mustRun, false);
  assert.deepEqual(await kinds(stopped, more), { mustRun: "add" });
  const started = await driver.update(stopped, more);
  assert.equal((await docker.getContainer(made.id).inspect()).State.Running, true);
  assert.deepEqual(await kinds(started, more), {});

  const drifted = await docker
    .getContainer(made.id)
    .update({ Memory: 48 * 1024 * 1024, MemorySwap: 192 * 1024 * 1024 });
  assert.ok(drifted);
  const seen = await driver.refresh(started);
  assert.ok(seen);
  assert.equal(seen.inputs.memory, 48);
  assert.deepEqual(await kinds(seen, more), { memory: "update" });
  await driver.remove(seen);
  assert.equal(await driver.refresh(seen), undefined);
});

test("a container that cannot start leaves nothing, and says why in one line", async () => {
  const program = { name: `${prefix}-bad`, image, command: ["/no/such/program"] };
  await assert.rejects(driver.create(CONTAINER, "bad", program), (error: Error) => {
    assert.match(error.message, /no such file or directory/);
    assert.doesNotMatch(error.message, /\n|HTTP code/);
    return true;
  });
  assert.equal(await driver.recover(CONTAINER, "bad", program), undefined);
  const missing = `sha256:${"0".repeat(64)}`;
  await assert.rejects(driver.create(CONTAINER, "bad", { ...program, image: missing }), /there is no image sha256:0+/);
});

test("what an interrupted create left is adopted if it ran, and removed if it never started", async () => {
  const program = { name: `${prefix}-left`, image, command };
  await docker.createContainer({ name: `${prefix}-left`, Image: image, Cmd: command });
  assert.equal(await driver.recover(CONTAINER, "left", program), undefined);
  const made = await driver.create(CONTAINER, "left", program);
  const found = await driver.recover(CONTAINER, "left", program);
  assert.ok(found);
  assert.equal(found.id, made.id);
  assert.deepEqual(found.outputs, made.outputs);
  await driver.remove(made);
});

test("wait: until the container is healthy, or not longer than it says", async () => {
  const program = {
    name: `${prefix}-well`,
    image,
    command,
    wait: true,
    healthcheck: { tests: ["CMD", "test", "-d", "/tmp"], interval: "200ms", retries: 3 },
  };
  const made = await driver.create(CONTAINER, "well", program);
  assert.deepEqual(await kinds(made, program), {});
  await driver.remove(made);
  const ill = { ...program, waitTimeout: 1, healthcheck: { tests: ["CMD", "test", "-d", "/none"], interval: "200ms" } };
  await assert.rejects(driver.create(CONTAINER, "well", ill), /was not healthy within 1 seconds/);
});

const taskOf = (containerSpec: PropertyMap): PropertyMap => ({
  containerSpec: { image, commands: command, stopGracePeriod: "5s", ...containerSpec },
  restartPolicy: { condition: "any", delay: "100ms", window: "0s" },
});

test("a service: updated in place, whatever else happens to it, and its containers are gone when it is", async () => {
  const program = {
    name: `${prefix}-s`,
    labels: [{ label: "app", value: "a" }],
    mode: { replicated: { replicas: 1 } },
    taskSpec: taskOf({ env: { A: "1", GONE: "x" } }),
    convergeConfig: { timeout: "30s" },
  };
  const made = await driver.create(SERVICE, "s", program);
  assert.deepEqual(await kinds(made, { ...program, convergeConfig: { timeout: "0.5m", delay: "7s" } }), {});
  const changed = {
    ...program,
    labels: [{ label: "app", value: "b" }],
    mode: { replicated: { replicas: 2 } },
    taskSpec: taskOf({ env: { A: "2", B: "3" } }),
  };
  assert.deepEqual(await kinds(made, changed), {
    "labels[0].value": "update",
    "mode.replicated.replicas": "update",
    "taskSpec.containerSpec.env.A": "update",
    "taskSpec.containerSpec.env.B": "add",
    "taskSpec.containerSpec.env.GONE": "delete",
  });
  const updated = await driver.update(made, changed);
  assert.deepEqual(await kinds(updated, changed), {});
  const label = `com.docker.swarm.service.id=${made.id}`;
  const running = await docker.listContainers({ filters: { label: [label] } });
  assert.equal(running.length, 2);
  await driver.remove(updated);
  assert.deepEqual(await docker.listContainers({ all: true, filters: { label: [label] } }), []);
  assert.equal(await driver.refresh(updated), undefined);
  await driver.remove(updated);
});

test("asleep is no drift where mode is ignored, and an update does not wake", async () => {
  const program = { name: `${prefix}-asleep`, mode: { replicated: { replicas: 1 } }, taskSpec: taskOf({}) };
  const options = { ignoreChanges: ["mode"] };
  const made = await driver.create(SERVICE, "asleep", program);
  const service = docker.getService(made.id);
  const { Spec, Version } = await service.inspect();
  await service.update({ ...Spec, version: Version.Index, Mode: { Replicated: { Replicas: 0 } } });
  assert.equal((await driver.diff(made, program, options)).changes, false);
  const refreshed = await driver.refresh(made);
  assert.ok(refreshed);
  assert.deepEqual(refreshed.inputs.mode, { __defaults: [], replicated: { __defaults: [], replicas: 0 } });
  assert.equal((await driver.diff(refreshed, program, options)).changes, false);
  assert.deepEqual(await kinds(refreshed, program), { "mode.replicated.replicas": "add" });
  await driver.update(made, { ...program, labels: [{ label: "a", value: "1" }] }, options);
  assert.equal((await service.inspect()).Spec.Mode.Replicated.Replicas, 0);
  await driver.remove(made);
});

test("a service that does not converge is removed again, with the task's own reason", async () => {
  const program = {
    name: `${prefix}-never`,
    taskSpec: taskOf({ commands: ["/no/such/program"] }),
    convergeConfig: { timeout: "6s" },
  };
  await assert.rejects(driver.create(SERVICE, "never", program), /did not come up within 6 seconds: .*no such file/);
  assert.equal(await driver.recover(SERVICE, "never", program), undefined);
});

test("drift of a service is seen, and its name is adopted", async () => {
  const program = { name: `${prefix}-drift`, taskSpec: taskOf({ env: { A: "1" } }) };
  const made = await driver.create(SERVICE, "drift", program);
  assert.equal((await driver.recover(SERVICE, "drift", program))?.id, made.id);
  const service = docker.getService(made.id);
  const { Spec, Version } = await service.inspect();
  Spec.TaskTemplate.ContainerSpec.Env = ["A=2", "C=3"];
  await service.update({ ...Spec, version: Version.Index });
  const seen = await driver.refresh(made);
  assert.ok(seen);
  assert.deepEqual(await kinds(seen, program), {
    "taskSpec.containerSpec.env.A": "update",
    "taskSpec.containerSpec.env.C": "delete",
  });
  await driver.remove(seen);
});

test("functions: an image's id by its name, a network by its name; what is missing is said", async () => {
  const signal = new AbortController().signal;
  const call = (token: string, args: PropertyMap) =>
    provider.invoke({ token: `docker:index/${token}:${token}`, args, signal });
  assert.equal((await call("getRemoteImage", { name: "dynoform-test/busybox:1" })).outputs.id, image);
  await assert.rejects(call("getRemoteImage", { name: `${prefix}/none:1` }), /there is no image/);
  assert.equal((await call("getNetwork", { name: "bridge" })).outputs.driver, "bridge");
});

test("an engine that is not there is one line", async () => {
  const unreachable = createProvider();
  await unreachable.configure({ host: "unix:///none/docker.sock" });
  await assert.rejects(
    drive(unreachable).create(VOLUME, "v", { name: `${prefix}-v` }),
    new Error("cannot reach Docker at unix:///none/docker.sock (ENOENT): is it running, and may this user use it?"),
  );
});
