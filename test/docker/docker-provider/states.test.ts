import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { createProvider } from "../../../engine/providers/docker/index.ts";
import type { PropertyMap } from "../../../engine/src/values/values.ts";
import { testImage } from "../../support/docker-image.ts";
import { programOf, type RecordedState, recorded } from "../../support/docker-states.ts";
import { freePort } from "../../support/free-port.ts";
import { type Driven, drive } from "../../support/provider-driver.ts";

// The programs whose states were recorded on the real plugin, run again here: states must be equal field by field.

const prefix = `dkp-${randomBytes(3).toString("hex")}`;
const driver = drive(createProvider());
const made: Driven[] = [];
let image = "";
/** Ends on SIGTERM, which the first process of a container otherwise ignores. */
const command = ["sh", "-c", "trap exit TERM; sleep 600 & wait"];

before(async () => {
  image = await testImage();
});
after(async () => {
  const uses = ({ type }: Driven) => /Service|Container/.test(type);
  await Promise.all(made.filter(uses).map(driver.remove));
  await Promise.all(made.filter((resource) => !uses(resource)).map(driver.remove));
});

async function create(state: RecordedState, name: string, replace: PropertyMap): Promise<Driven> {
  const resource = await driver.create(state.type, name, { ...programOf(state.inputs), ...replace });
  made.push(resource);
  return resource;
}

/** Names, ids, images and ports of this run, and what Docker chose, as they were when the states were recorded. */
function asRecorded(resource: Driven, state: RecordedState, volatile: readonly string[]): PropertyMap {
  const outputs: PropertyMap = { ...resource.outputs, id: state.id };
  for (const key of volatile) {
    assert.equal(typeof outputs[key], typeof state.outputs[key], key);
    outputs[key] = state.outputs[key] ?? null;
  }
  return outputs;
}

async function assertClean(resource: Driven): Promise<Driven> {
  assert.deepEqual((await driver.diff(resource, programOf(resource.inputs))).detailedDiff, {});
  const refreshed = await driver.refresh(resource);
  assert.ok(refreshed, "gone");
  assert.deepEqual(refreshed.inputs, resource.inputs);
  assert.deepEqual((await driver.diff(refreshed, programOf(resource.inputs))).detailedDiff, {});
  return refreshed;
}

test("an overlay, a bridge and a volume have the recorded states", async () => {
  const net = await create(recorded.created.net, "net", { name: `${prefix}-net` });
  assert.deepEqual(
    asRecorded(net, recorded.created.net, ["name", "options", "ipamConfigs"]),
    recorded.created.net.outputs,
  );
  const bnet = await create(recorded.created.bnet, "bnet", { name: `${prefix}-bnet` });
  assert.deepEqual(asRecorded(bnet, recorded.created.bnet, ["name", "ipamConfigs"]), recorded.created.bnet.outputs);
  const vol = await create(recorded.created.vol, "vol", { name: `${prefix}-vol` });
  assert.equal(vol.id, `${prefix}-vol`);
  assert.deepEqual(asRecorded(vol, recorded.created.vol, ["name", "mountpoint"]), recorded.created.vol.outputs);
  for (const resource of [net, bnet, vol]) await assertClean(resource);
});

test("a service and a container on them have the recorded states", async () => {
  const [net, bnet, vol] = made;
  assert.ok(net && bnet && vol);
  const svc = recorded.created.svc;
  const task = programOf(svc.inputs).taskSpec as PropertyMap;
  const spec = task.containerSpec as PropertyMap;
  const taskSpec = {
    ...task,
    containerSpec: { ...spec, image, commands: command, mounts: [{ source: vol.id, target: "/data", type: "volume" }] },
    networksAdvanceds: [{ id: net.id }],
  };
  const service = await create(svc, "svc", { name: `${prefix}-svc`, taskSpec });
  const expected = structuredClone(svc.outputs) as PropertyMap & { taskSpec: PropertyMap };
  const container = expected.taskSpec.containerSpec as PropertyMap & { mounts: PropertyMap[] };
  Object.assign(container, { image, commands: command });
  Object.assign(container.mounts[0] ?? {}, { source: vol.id });
  Object.assign((expected.taskSpec.networksAdvanceds as PropertyMap[])[0] ?? {}, { id: net.id });
  assert.deepEqual(asRecorded(service, svc, ["name"]), expected);
  await assertClean(service);

  const ctr = recorded.created.ctr;
  const external = await freePort();
  const router = await create(ctr, "ctr", {
    name: `${prefix}-ctr`,
    image,
    command,
    networksAdvanced: [{ name: `${prefix}-bnet`, aliases: ["web"] }],
    ports: [{ internal: 8001, external, ip: "127.0.0.1" }],
    volumes: [{ volumeName: vol.id, containerPath: "/data" }],
  });
  const outputs = asRecorded(router, ctr, ["name", "hostname", "networkDatas"]);
  assert.deepEqual(outputs, {
    ...ctr.outputs,
    image,
    command,
    ports: [{ internal: 8001, external, ip: "127.0.0.1", protocol: "tcp" }],
    networksAdvanced: [{ ...(ctr.outputs.networksAdvanced as PropertyMap[])[0], name: `${prefix}-bnet` }],
    volumes: [{ ...(ctr.outputs.volumes as PropertyMap[])[0], volumeName: vol.id }],
    envs: outputs.envs ?? null,
  });
  await assertClean(router);
});

test("the example of a platform has the states recorded after a refresh", async () => {
  const { dynos, router, "web.1-abc": web } = recorded.refreshed;
  const subnet = { subnet: "10.213.0.0/16", gateway: "10.213.0.1", ipRange: "10.213.128.0/17" };
  const network = await create(dynos, "dynos", { name: `${prefix}-dynos`, ipamConfigs: [subnet] });
  const refreshed = await assertClean(network);
  assert.deepEqual(asRecorded(refreshed, dynos, ["name", "options"]), {
    ...dynos.outputs,
    ipamConfigs: [{ ...subnet, auxAddress: {} }],
  });

  const task = programOf(web.inputs).taskSpec as PropertyMap;
  const containerSpec = {
    ...(task.containerSpec as PropertyMap),
    image,
    commands: command.slice(0, 1),
    args: command.slice(1),
  };
  const service = await create(web, "web.1", {
    name: `${prefix}-web-1`,
    taskSpec: { ...task, containerSpec, networksAdvanceds: [{ id: network.id }] },
  });
  const expected = structuredClone(web.outputs) as PropertyMap & { taskSpec: PropertyMap };
  Object.assign(expected.taskSpec.containerSpec as PropertyMap, {
    image,
    commands: command.slice(0, 1),
    args: command.slice(1),
  });
  Object.assign((expected.taskSpec.networksAdvanceds as PropertyMap[])[0] ?? {}, { id: network.id });
  const refreshedService = await assertClean(service);
  assert.deepEqual(asRecorded(refreshedService, web, ["name"]), expected);

  const external = await freePort();
  const container = await create(router, "router", {
    name: `${prefix}-router`,
    image,
    command,
    networksAdvanced: [{ name: `${prefix}-dynos`, aliases: ["router"], ipv4Address: "10.213.0.10" }],
    ports: [{ internal: 8080, external, ip: "127.0.0.1" }],
  });
  const refreshedContainer = await assertClean(container);
  const outputs = asRecorded(refreshedContainer, router, ["name", "hostname"]);
  const { macAddress, ...data } = (outputs.networkDatas as PropertyMap[])[0] ?? {};
  assert.match(String(macAddress), /^02:42:/);
  assert.deepEqual(
    { ...outputs, networkDatas: [data] },
    {
      ...router.outputs,
      image,
      command,
      ports: [{ internal: 8080, external, ip: "127.0.0.1", protocol: "tcp" }],
      networksAdvanced: [
        {
          ...(router.outputs.networksAdvanced as PropertyMap[])[0],
          name: `${prefix}-dynos`,
          ipv4Address: "10.213.0.10",
        },
      ],
      networkDatas: [
        {
          gateway: "",
          globalIpv6Address: "",
          globalIpv6PrefixLength: 0,
          ipAddress: "10.213.0.10",
          ipPrefixLength: 16,
          ipv6Gateway: "",
          networkName: `${prefix}-dynos`,
        },
      ],
      envs: outputs.envs ?? null,
    },
  );
  const inspected = await new Docker().getContainer(container.id).inspect();
  assert.deepEqual(Object.keys(inspected.NetworkSettings.Networks), [`${prefix}-dynos`]);
});
