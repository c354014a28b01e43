import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { unlessMissing } from "../../../engine/providers/docker/client.ts";
import { createProvider } from "../../../engine/providers/docker/index.ts";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import { testImage } from "../../support/docker-image.ts";
import { freePort } from "../../support/free-port.ts";
import { type Driven, drive } from "../../support/provider-driver.ts";
import { until } from "../../support/until.ts";

// Containers as the platform's own services are declared: what is set takes effect, and neither a second up nor a
// refresh sees a change.

const CONTAINER = "docker:index/container:Container";

const prefix = `dkp-${randomBytes(3).toString("hex")}`;
const docker = new Docker();
const driver = drive(createProvider());
const made: Driven[] = [];
let folder = "";
let common: PropertyMap = {};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "dkp-"));
  await writeFile(join(folder, "file"), "from the host\n");
  common = { image: await testImage(), restart: "unless-stopped", logDriver: "json-file" };
});
after(async () => {
  await Promise.all(made.map(driver.remove));
  const left = await docker.listContainers({ all: true, filters: { name: [prefix] } });
  for (const { Id } of left) await unlessMissing(docker.getContainer(Id).remove({ force: true }));
  await rm(folder, { recursive: true });
});

/** Makes it; neither a second `up` nor a refresh nor the `up` after it may see a change, and a refresh changes once at most. */
async function unchanging(name: string, program: PropertyMap): Promise<Driven> {
  const declared = { ...common, name: `${prefix}-${name}`, ...program };
  const resource = await driver.create(CONTAINER, name, declared);
  made.push(resource);
  assert.deepEqual((await driver.diff(resource, declared)).detailedDiff, {}, "second up");
  const refreshed = await driver.refresh(resource);
  assert.ok(refreshed, "gone");
  assert.deepEqual(refreshed.inputs, resource.inputs, "refresh");
  assert.deepEqual((await driver.diff(refreshed, declared)).detailedDiff, {}, "up after the refresh");
  assert.deepEqual(await driver.refresh(refreshed), refreshed, "second refresh");
  return resource;
}

async function written(file: string, last: string): Promise<string[]> {
  const lines = async () => (await readFile(file, "utf8").catch(() => "")).split("\n").filter(Boolean);
  await until(`"${last}" is in ${file}`, async () => (await lines()).includes(last));
  return lines();
}

test("a runner: the host's network and processes, its folders, an ordinary user with one more group", async () => {
  const script = `exec >out
    id -u; id -g; id -G
    cat file
    touch written && echo written
    touch /locked/x 2>/dev/null || echo locked
    touch /x 2>/dev/null || echo rootless
    touch /tmp/x && echo scratch
    test -d /proc/${process.pid} && echo sees the host
    echo $GREETING; echo ready
    trap exit TERM; sleep 600 & wait`;
  const runner = await unchanging("runner", {
    entrypoints: ["/bin/sh", "-c"],
    command: [script],
    user: `${process.getuid?.()}:${process.getgid?.()}`,
    groupAdds: ["4711"],
    networkMode: "host",
    pidMode: "host",
    workingDir: folder,
    volumes: [
      { hostPath: folder, containerPath: folder },
      { hostPath: folder, containerPath: "/locked", readOnly: true },
    ],
    readOnly: true,
    tmpfs: { "/tmp": "size=1m,mode=1777" },
    envs: ["GREETING=hello there", "OTHER=x=y"],
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    memory: 64,
    memorySwap: 128,
    labels: [{ label: "dynoform.test", value: prefix }],
    logOpts: { "max-size": "1m", "max-file": "2" },
    stopSignal: "SIGTERM",
    stopTimeout: 7,
    destroyGraceSeconds: 5,
  });
  assert.deepEqual(await written(join(folder, "out"), "ready"), [
    String(process.getuid?.()),
    String(process.getgid?.()),
    [process.getgid?.(), 4711].join(" "),
    "from the host",
    "written",
    "locked",
    "rootless",
    "scratch",
    "sees the host",
    "hello there",
    "ready",
  ]);
  const { Config, HostConfig } = await docker.getContainer(runner.id).inspect();
  assert.equal(HostConfig.NetworkMode, "host");
  assert.deepEqual(HostConfig.CapDrop, ["ALL"]);
  assert.equal(HostConfig.Memory, 64 * 1024 * 1024);
  assert.equal(HostConfig.RestartPolicy?.Name, "unless-stopped");
  assert.deepEqual(HostConfig.LogConfig, { Type: "json-file", Config: { "max-size": "1m", "max-file": "2" } });
  assert.equal((Config as { StopTimeout?: number }).StopTimeout, 7);
  assert.equal(Config.Labels["dynoform.test"], prefix);
});

test("what Docker adds to the security options of a container in the host's namespaces is no drift", async () => {
  const shared = { command: ["sleep", "600"], stopSignal: "SIGKILL", pidMode: "host" };
  await unchanging("labelled", { ...shared, securityOpts: ["no-new-privileges:true", "label=disable"] });
  const { outputs } = await unchanging("unsaid", shared);
  assert.deepEqual(outputs.securityOpts, ["label=disable"]);
});

test("a control plane: a port on one address, a fixed address on a network, added capabilities", async () => {
  const network = await docker.createNetwork({
    Name: `${prefix}-net`,
    CheckDuplicate: true,
    IPAM: { Driver: "default", Config: [{ Subnet: "10.214.77.0/24" }] },
  });
  try {
    const external = await freePort();
    const program = {
      command: ["sleep", "600"],
      stopSignal: "SIGKILL",
      user: "1000",
      ports: [{ internal: 5000, external, ip: "127.0.0.1" }],
      networksAdvanced: [{ name: `${prefix}-net`, aliases: ["control"], ipv4Address: "10.214.77.9" }],
      volumes: [{ hostPath: "/var/run/docker.sock", containerPath: "/var/run/docker.sock" }],
      capabilities: { drops: ["ALL"], adds: ["CAP_KILL"] },
      logDriver: "local",
      logOpts: { "max-size": "2m" },
      init: true,
    };
    const control = await unchanging("control", program);
    const { HostConfig, NetworkSettings } = await docker.getContainer(control.id).inspect();
    assert.deepEqual(NetworkSettings.Ports["5000/tcp"], [{ HostIp: "127.0.0.1", HostPort: String(external) }]);
    assert.equal(NetworkSettings.Networks[`${prefix}-net`]?.IPAddress, "10.214.77.9");
    assert.deepEqual(HostConfig.CapAdd, ["CAP_KILL"]);
    assert.equal(HostConfig.LogConfig?.Type, "local");
    const plan = await driver.diff(control, { ...common, name: `${prefix}-control`, ...program, user: "1001" });
    assert.deepEqual(plan.detailedDiff, { user: { kind: "update-replace", inputDiff: false } });
    await driver.remove(control);
    made.pop();
  } finally {
    await network.remove();
  }
});

test("destroyGraceSeconds is the time to stop, before the container's own", async () => {
  const stubborn = { command: ["sleep", "600"], stopTimeout: 30, destroyGraceSeconds: 1 };
  const container = await unchanging("stubborn", stubborn);
  const started = performance.now();
  await driver.remove(container);
  made.pop();
  const seconds = (performance.now() - started) / 1000;
  assert.ok(seconds >= 1 && seconds < 20, `removed after ${seconds} s`);
});
